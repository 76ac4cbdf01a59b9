package dev.sluice;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.util.RawValue;

/**
 * Writes the body of a chat request. {@link ChatRequest#builder()} makes one.
 *
 * <p>Fields are written in the order in which they were first set, so equal calls produce equal bytes. A field that is
 * set twice keeps the last value. {@link #build()} checks the documented rules of Together AI's <a
 * href="https://docs.together.ai/reference/chat-completions-1">chat-completions API</a>. A builder is not thread-safe.
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

    /** Sets the model's name as the provider writes it, for example {@code openai/gpt-oss-20b}. A model is required. */
    public ChatRequestBuilder model(String model) {
        return field("model", model);
    }

    /** Adds a system message. At least one message is required. */
    public ChatRequestBuilder system(String text) {
        return message(ChatMessage.system(text));
    }

    /** Adds a user message. */
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

    /** Adds a message of any role. */
    public ChatRequestBuilder message(ChatMessage message) {
        messages.add(message);
        return this;
    }

    /** Adds several messages. */
    public ChatRequestBuilder messages(List<ChatMessage> messages) {
        this.messages.addAll(messages);
        return this;
    }

    /** Limits the answer to this many tokens, reasoning included. The minimum is 1. */
    public ChatRequestBuilder maxTokens(int maxTokens) {
        return field("max_tokens", maxTokens);
    }

    /** Sets the randomness of the answer, 0 to 2. The least random value is 0. */
    public ChatRequestBuilder temperature(double temperature) {
        return field("temperature", temperature);
    }

    /** Limits sampling to the likeliest tokens with this total probability, 0 to 1. */
    public ChatRequestBuilder topP(double topP) {
        return field("top_p", topP);
    }

    /** Limits sampling to this many of the likeliest tokens. */
    public ChatRequestBuilder topK(int topK) {
        return field("top_k", topK);
    }

    /** Sets the minimum probability of a token relative to the likeliest one, 0 to 1. */
    public ChatRequestBuilder minP(double minP) {
        return field("min_p", minP);
    }

    /** Sets up to 4 texts at which an answer ends. */
    public ChatRequestBuilder stop(String... stop) {
        return field("stop", List.of(stop));
    }

    /**
     * Sets the number of answers, 1 to 128. {@link ChatReply#text()} is the first. The others are in
     * {@link ChatReply#body()}.
     */
    public ChatRequestBuilder n(int n) {
        return field("n", n);
    }

    /** Sets the seed of the sampling, for answers that can be reproduced. */
    public ChatRequestBuilder seed(long seed) {
        return field("seed", seed);
    }

    /** Sets the penalty for tokens that have already occurred. It must be a finite number. */
    public ChatRequestBuilder presencePenalty(double penalty) {
        return field("presence_penalty", penalty);
    }

    /** Sets the penalty that grows with the number of times a token has occurred. It must be a finite number. */
    public ChatRequestBuilder frequencyPenalty(double penalty) {
        return field("frequency_penalty", penalty);
    }

    /** Sets the penalty for repeated sequences. It must be a finite number. */
    public ChatRequestBuilder repetitionPenalty(double penalty) {
        return field("repetition_penalty", penalty);
    }

    /** Sets how many of the likeliest tokens are reported for each position, 0 to 20. */
    public ChatRequestBuilder logprobs(int logprobs) {
        return field("logprobs", logprobs);
    }

    /**
     * Sets the response format to a JSON object, for example {@code {"type":"json_object"}}. It is written unchanged.
     */
    public ChatRequestBuilder responseFormat(String json) {
        return field("response_format", new RawValue(json));
    }

    /** Sets the tools to a JSON array. It is written unchanged. */
    public ChatRequestBuilder tools(String json) {
        return field("tools", new RawValue(json));
    }

    /**
     * Sets the tool choice to a word such as {@code auto}, or to a JSON object. A value that begins with a brace counts
     * as JSON and is written unchanged.
     */
    public ChatRequestBuilder toolChoice(String choice) {
        return field("tool_choice", choice.startsWith("{") ? new RawValue(choice) : choice);
    }

    /**
     * Sets any other field, so that new fields of the API need no new release of the SDK. {@link #build()} refuses
     * fields that have a method here, because parsers disagree about a field that occurs twice.
     *
     * @param json one JSON value, written unchanged
     */
    public ChatRequestBuilder raw(String name, String json) {
        early.require(raw.putIfAbsent(name, json) == null, name, json, "was given to raw() twice; give it once");
        return this;
    }

    /**
     * Builds the request after checking it by the API's documented rules.
     *
     * @throws InvalidChatRequestException with every problem of the request
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
