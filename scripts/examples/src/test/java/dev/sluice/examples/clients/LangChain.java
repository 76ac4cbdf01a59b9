package dev.sluice.examples.clients;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.HttpException;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** LangChain4j with its own HTTP client, which is the JDK's. */
final class LangChain implements DoorClient {
    private static final Pattern CODE = Pattern.compile("\"code\":\"([0-9a-z_ ]+)\"");

    @Override
    public String name() {
        return "langchain4j";
    }

    @Override
    public String exception(int status) {
        return switch (status) {
            case 400 -> "InvalidRequestException";
            case 401 -> "AuthenticationException";
            case 404 -> "ModelNotFoundException";
            case 429 -> "RateLimitException";
            default -> "InternalServerException";
        };
    }

    @Override
    public boolean tellsTimeout() {
        return false;
    }

    @Override
    public boolean isStainless() {
        return false;
    }

    @Override
    public Map<String, String> run(List<DoorCall> calls) throws InterruptedException, TimeoutException {
        Map<String, String> outcomes = new LinkedHashMap<>();
        for (DoorCall call : calls) {
            try {
                outcomes.put(call.name(), words(call.isStream() ? streamed(call) : whole(call)));
            } catch (LangChain4jException e) {
                outcomes.put(call.name(), failure(e));
            }
        }
        return outcomes;
    }

    private static ChatResponse whole(DoorCall call) {
        return OpenAiChatModel.builder()
                .baseUrl(call.baseUrl())
                .apiKey(call.key())
                .modelName(call.model())
                .timeout(call.timeout())
                .maxRetries(call.retries())
                .build()
                .chat(request(call));
    }

    private static ChatResponse streamed(DoorCall call) throws InterruptedException, TimeoutException {
        CompletableFuture<ChatResponse> end = new CompletableFuture<>();
        StringBuilder pieces = new StringBuilder();
        OpenAiStreamingChatModel.builder()
                .baseUrl(call.baseUrl())
                .apiKey(call.key())
                .modelName(call.model())
                .timeout(call.timeout())
                .build()
                .chat(request(call), new StreamingChatResponseHandler() {
                    @Override
                    public void onPartialResponse(String piece) {
                        pieces.append(piece);
                    }

                    @Override
                    public void onCompleteResponse(ChatResponse response) {
                        end.complete(response);
                    }

                    @Override
                    public void onError(Throwable failure) {
                        end.completeExceptionally(failure);
                    }
                });
        try {
            ChatResponse response = end.get(call.timeout().toSeconds() + 10, TimeUnit.SECONDS);
            String text = response.aiMessage().text();
            if (text != null && !text.contentEquals(pieces)) {
                throw new IllegalStateException("the pieces are '" + pieces + "', the whole is '" + text + "'");
            }
            return response;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof LangChain4jException failure) {
                throw failure;
            }
            throw new IllegalStateException(e);
        }
    }

    private static ChatRequest request(DoorCall call) {
        ChatRequest.Builder request = ChatRequest.builder().messages(UserMessage.from(call.text()));
        if (call.hasTool()) {
            request.toolSpecifications(
                    ToolSpecification.builder().name(DoorCall.TOOL).build());
        }
        return request.build();
    }

    private static String words(ChatResponse response) {
        AiMessage message = response.aiMessage();
        if (!message.hasToolExecutionRequests()) {
            return "ok " + message.text();
        }
        ToolExecutionRequest call = message.toolExecutionRequests().get(0);
        return "tool " + call.name() + " " + call.arguments();
    }

    private static String failure(LangChain4jException failure) {
        String name = failure.getClass().getSimpleName();
        if (failure.getCause() instanceof HttpException answered) {
            Matcher code = CODE.matcher(String.valueOf(answered.getMessage()));
            return name + " " + answered.statusCode() + (code.find() ? " " + code.group(1) : "");
        }
        return name;
    }
}
