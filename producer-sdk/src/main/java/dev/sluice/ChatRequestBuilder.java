package dev.sluice;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.util.RawValue;

/**
 * Writes the body of a chat request, from {@link ChatRequest#builder()}. Fields are written in the order in which they
 * were first set, so that equal calls give equal bytes; what was set twice has the last value. The rules that {@link
 * #build()} checks are those of Together AI's chat-completions API. Not thread-safe.
 */
public final class ChatRequestBuilder extends RequestEnvelopeBuilder<ChatRequestBuilder> {
    private final Map<String, Object> fields = new LinkedHashMap<>();
    private final List<ChatMessage> messages = new ArrayList<>();
    private final Map<String, String> raw = new LinkedHashMap<>();
    private final RequestProblems early = new RequestProblems();

    ChatRequestBuilder() {}

    @Override
    ChatRequestBuilder self() {
        return this;
    }

    /** Required: the model's name as the provider writes it, for example {@code openai/gpt-oss-20b}. */
    public ChatRequestBuilder model(String model) {
        return field("model", model);
    }

    /** Adds a system message. At least one message is required. */
    public ChatRequestBuilder system(String text) {
        return message(ChatMessage.system(text));
    }

    /** Adds a user's message. */
    public ChatRequestBuilder user(String text) {
        return message(ChatMessage.user(text));
    }

    /** Adds an earlier answer of the assistant. */
    public ChatRequestBuilder assistant(String text) {
        return message(ChatMessage.assistant(text));
    }

    /** Adds a tool's result for the call {@code toolCallId}. */
    public ChatRequestBuilder tool(String toolCallId, String text) {
        return message(ChatMessage.tool(toolCallId, text));
    }

    /** Adds any message. */
    public ChatRequestBuilder message(ChatMessage message) {
        messages.add(message);
        return this;
    }

    /** Adds several messages. */
    public ChatRequestBuilder messages(List<ChatMessage> messages) {
        this.messages.addAll(messages);
        return this;
    }

    /** The longest answer in tokens, reasoning included; 1 or more. */
    public ChatRequestBuilder maxTokens(int maxTokens) {
        return field("max_tokens", maxTokens);
    }

    /** 0 to 2; 0 is the least random. */
    public ChatRequestBuilder temperature(double temperature) {
        return field("temperature", temperature);
    }

    /** 0 to 1. */
    public ChatRequestBuilder topP(double topP) {
        return field("top_p", topP);
    }

    public ChatRequestBuilder topK(int topK) {
        return field("top_k", topK);
    }

    /** 0 to 1. */
    public ChatRequestBuilder minP(double minP) {
        return field("min_p", minP);
    }

    /** Up to 4 texts at which an answer ends. */
    public ChatRequestBuilder stop(String... stop) {
        return field("stop", List.of(stop));
    }

    /** How many answers, 1 to 128. {@link ChatReply#text()} is the first; the others are in {@link ChatReply#body()}. */
    public ChatRequestBuilder n(int n) {
        return field("n", n);
    }

    public ChatRequestBuilder seed(long seed) {
        return field("seed", seed);
    }

    public ChatRequestBuilder presencePenalty(double penalty) {
        return field("presence_penalty", penalty);
    }

    public ChatRequestBuilder frequencyPenalty(double penalty) {
        return field("frequency_penalty", penalty);
    }

    public ChatRequestBuilder repetitionPenalty(double penalty) {
        return field("repetition_penalty", penalty);
    }

    /** How many of the likeliest tokens are reported at each place, 0 to 20. */
    public ChatRequestBuilder logprobs(int logprobs) {
        return field("logprobs", logprobs);
    }

    /** A JSON object, for example {@code {"type":"json_object"}}; written as it is. */
    public ChatRequestBuilder responseFormat(String json) {
        return field("response_format", new RawValue(json));
    }

    /** A JSON array of tools; written as it is. */
    public ChatRequestBuilder tools(String json) {
        return field("tools", new RawValue(json));
    }

    /** A word such as {@code auto} or {@code none}, or a JSON object, which begins with a brace and is written as it is. */
    public ChatRequestBuilder toolChoice(String choice) {
        return field("tool_choice", choice.startsWith("{") ? new RawValue(choice) : choice);
    }

    /**
     * Any other field, so that a new one of the API needs no release of ours. A field that has a method here is refused:
     * a body with two of a kind means something else to every parser.
     *
     * @param json one JSON value; written as it is
     */
    public ChatRequestBuilder raw(String name, String json) {
        early.require(raw.putIfAbsent(name, json) == null, name, json, "was given to raw() twice; give it once");
        return this;
    }

    /**
     * The request, checked by the API's documented rules.
     *
     * @throws InvalidChatRequestException naming everything that is wrong with it
     */
    @Override
    public ChatRequest build() {
        RequestProblems problems = new RequestProblems(early);
        RequestEnvelope envelope = envelope();
        RequestEnvelopeCheck.check(envelope, problems);
        BodyCheck.check(fields, messages, raw, problems);
        problems.throwIfAny();
        byte[] body = BodyWriter.write(fields, messages, raw);
        return new ChatRequest(body, String.valueOf(fields.get("model")), envelope);
    }

    private ChatRequestBuilder field(String name, Object value) {
        fields.put(name, value);
        return this;
    }
}
