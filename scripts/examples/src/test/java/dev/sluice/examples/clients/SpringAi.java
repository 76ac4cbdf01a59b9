package dev.sluice.examples.clients;

import com.openai.errors.OpenAIException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.MessageAggregator;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.function.FunctionToolCallback;

/** Spring AI, which uses OpenAI's library for Java below. */
final class SpringAi implements DoorClient {
    @Override
    public String name() {
        return "spring-ai";
    }

    @Override
    public String exception(int status) {
        return OpenAiJava.exceptionOf(status);
    }

    @Override
    public Map<String, String> run(List<DoorCall> calls) {
        Map<String, String> outcomes = new LinkedHashMap<>();
        for (DoorCall call : calls) {
            try {
                outcomes.put(call.name(), words(outcome(call)));
            } catch (OpenAIException e) {
                outcomes.put(call.name(), OpenAiJava.failure(e));
            }
        }
        return outcomes;
    }

    private static ChatResponse outcome(DoorCall call) {
        OpenAiChatOptions options = options(call);
        OpenAiChatModel model = OpenAiChatModel.builder().options(options).build();
        Prompt prompt = new Prompt(call.text(), options);
        if (!call.isStream()) {
            return model.call(prompt);
        }
        ChatResponse[] whole = new ChatResponse[1];
        try {
            new MessageAggregator()
                    .aggregate(model.stream(prompt), response -> whole[0] = response)
                    .blockLast(call.timeout().plusSeconds(10));
        } catch (CompletionException e) {
            if (e.getCause() instanceof OpenAIException failure) {
                throw failure;
            }
            throw e;
        }
        return whole[0];
    }

    private static OpenAiChatOptions options(DoorCall call) {
        var options = OpenAiChatOptions.builder()
                .model(call.model())
                .baseUrl(call.baseUrl())
                .apiKey(call.key())
                .timeout(call.timeout())
                .maxRetries(call.retries());
        if (call.hasTool()) {
            ToolCallback tool = FunctionToolCallback.builder(DoorCall.TOOL, (Map<String, Object> arguments) -> "sunny")
                    .description("Tells the weather")
                    .inputType(Map.class)
                    .build();
            options.toolCallbacks(List.of(tool));
        }
        return options.build();
    }

    private static String words(ChatResponse response) {
        AssistantMessage message = response.getResult().getOutput();
        if (!message.hasToolCalls()) {
            return "ok " + message.getText();
        }
        AssistantMessage.ToolCall call = message.getToolCalls().get(0);
        return "tool " + call.name() + " " + call.arguments();
    }
}
