package dev.sluice.examples.clients;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.errors.OpenAIException;
import com.openai.errors.OpenAIServiceException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.FunctionDefinition;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionMessage;
import com.openai.models.chat.completions.ChatCompletionMessageToolCall;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** OpenAI's library for Java. */
final class OpenAiJava implements DoorClient {
    @Override
    public String name() {
        return "openai-java";
    }

    @Override
    public String exception(int status) {
        return exceptionOf(status);
    }

    static String exceptionOf(int status) {
        return switch (status) {
            case 400 -> "BadRequestException";
            case 401 -> "UnauthorizedException";
            case 404 -> "NotFoundException";
            case 429 -> "RateLimitException";
            default -> "InternalServerException";
        };
    }

    @Override
    public Map<String, String> run(List<DoorCall> calls) {
        Map<String, String> outcomes = new LinkedHashMap<>();
        for (DoorCall call : calls) {
            OpenAIClient client = OpenAIOkHttpClient.builder()
                    .baseUrl(call.baseUrl())
                    .apiKey(call.key())
                    .timeout(call.timeout())
                    .maxRetries(call.retries())
                    .build();
            try {
                outcomes.put(call.name(), outcome(client, call));
            } catch (OpenAIException e) {
                outcomes.put(call.name(), failure(e));
            } finally {
                client.close();
            }
        }
        return outcomes;
    }

    /** Returns the words for an exception of this library, which Spring AI uses, too. */
    static String failure(OpenAIException failure) {
        String name = failure.getClass().getSimpleName();
        return failure instanceof OpenAIServiceException answered
                ? name + " " + answered.statusCode() + " " + answered.code().orElse("")
                : name;
    }

    private static String outcome(OpenAIClient client, DoorCall call) {
        ChatCompletionCreateParams.Builder params =
                ChatCompletionCreateParams.builder().model(call.model()).addUserMessage(call.text());
        if (call.hasTool()) {
            params.addFunctionTool(
                    FunctionDefinition.builder().name(DoorCall.TOOL).build());
        }
        if (!call.isStream()) {
            return words(client.chat().completions().create(params.build()));
        }
        ChatCompletionAccumulator whole = ChatCompletionAccumulator.create();
        try (StreamResponse<ChatCompletionChunk> stream =
                client.chat().completions().createStreaming(params.build())) {
            stream.stream().forEach(whole::accumulate);
        }
        return words(whole.chatCompletion());
    }

    private static String words(ChatCompletion completion) {
        ChatCompletionMessage message = completion.choices().get(0).message();
        List<ChatCompletionMessageToolCall> calls = message.toolCalls().orElse(List.of());
        if (calls.isEmpty()) {
            return "ok " + message.content().orElse("");
        }
        var function = calls.get(0).asFunction().function();
        return "tool " + function.name() + " " + function.arguments();
    }
}
