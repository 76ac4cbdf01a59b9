package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ChatRequestBuilderTest {
    @Test
    void writesEveryFieldByItsNameOnTheWire() {
        ChatRequest request = ChatRequest.builder()
                .model("m")
                .maxTokens(9)
                .temperature(0.5)
                .topP(0.25)
                .topK(40)
                .minP(0.125)
                .stop("a", "b")
                .n(2)
                .seed(-7)
                .presencePenalty(-1.5)
                .frequencyPenalty(1.5)
                .repetitionPenalty(1.25)
                .logprobs(3)
                .responseFormat("{\"type\": \"json_object\"}")
                .tools("[ {} ]")
                .toolChoice("auto")
                .user("Hi")
                .raw("reasoning_effort", "\"low\"")
                .build();

        assertThat(text(request))
                .isEqualTo("{\"model\":\"m\",\"max_tokens\":9,\"temperature\":0.5,\"top_p\":0.25,\"top_k\":40,"
                        + "\"min_p\":0.125,\"stop\":[\"a\",\"b\"],\"n\":2,\"seed\":-7,\"presence_penalty\":-1.5,"
                        + "\"frequency_penalty\":1.5,\"repetition_penalty\":1.25,\"logprobs\":3,"
                        + "\"response_format\":{\"type\": \"json_object\"},\"tools\":[ {} ],\"tool_choice\":\"auto\","
                        + "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"reasoning_effort\":\"low\"}");
    }

    @Test
    void writesEveryKindOfMessage() {
        ChatRequest request = ChatRequest.builder()
                .model("m")
                .system("Be brief.")
                .user("Sunny in \"Ulm\"?\n")
                .message(ChatMessage.userParts("[{\"type\":\"image_url\"}]"))
                .message(ChatMessage.assistantToolCalls("[{\"id\":\"call_1\"}]"))
                .tool("call_1", "yes")
                .assistant("Yes ☀")
                .message(ChatMessage.user("Thanks").with("name", "\"Ada\""))
                .build();

        assertThat(text(request))
                .isEqualTo("{\"model\":\"m\",\"messages\":[" + "{\"role\":\"system\",\"content\":\"Be brief.\"},"
                        + "{\"role\":\"user\",\"content\":\"Sunny in \\\"Ulm\\\"?\\n\"},"
                        + "{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"}]},"
                        + "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"call_1\"}]},"
                        + "{\"role\":\"tool\",\"content\":\"yes\",\"tool_call_id\":\"call_1\"},"
                        + "{\"role\":\"assistant\",\"content\":\"Yes ☀\"},"
                        + "{\"role\":\"user\",\"content\":\"Thanks\",\"name\":\"Ada\"}]}");
    }

    @Test
    void writesAToolChoiceThatIsAnObjectAsItIs() {
        ChatRequest request = ChatRequest.builder()
                .model("m")
                .user("Hi")
                .toolChoice("{\"type\":\"function\"}")
                .build();

        assertThat(text(request)).contains("\"tool_choice\":{\"type\":\"function\"}");
    }

    @Test
    void canBeReusedWithoutChangingEarlierRequests() {
        ChatRequestBuilder builder =
                ChatRequest.builder().model("m").user("one").header("h", "1");
        ChatRequest first = builder.build();
        ChatRequest second = builder.user("two").header("h", "2").tenant("t").build();

        assertThat(text(first)).doesNotContain("two");
        assertThat(first.headers().get("h")).isEqualTo(new byte[] {'1'});
        assertThat(first.tenant()).isEmpty();
        assertThat(text(second)).contains("one").contains("two");
    }

    @Test
    void returnsCopies() {
        ChatRequest request = ChatRequest.builder()
                .model("m")
                .user("Hi")
                .key("k")
                .header("h", "v")
                .build();

        request.body()[0] = 0;
        request.key().orElseThrow()[0] = 0;
        request.headers().get("h")[0] = 0;

        assertThat(request.body()[0]).isEqualTo((byte) '{');
        assertThat(request.key().orElseThrow()).isEqualTo(new byte[] {'k'});
        assertThat(request.headers().get("h")).isEqualTo(new byte[] {'v'});
    }

    @Test
    void keepsPromptsOutOfLogs() {
        ChatMessage message = ChatMessage.user("secret");

        assertThat(message.toString()).doesNotContain("secret");
        assertThat(ChatRequest.builder().model("m").message(message).build().toString())
                .isEqualTo("ChatRequest[model=m, id=to be made, 61 bytes]");
    }

    private static String text(ChatRequest request) {
        return new String(request.body(), StandardCharsets.UTF_8);
    }
}
