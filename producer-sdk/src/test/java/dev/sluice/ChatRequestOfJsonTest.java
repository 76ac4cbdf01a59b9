package dev.sluice;

import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.InvalidChatRequestException.Problem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChatRequestOfJsonTest {
    private static final String BODY = " { \"messages\" : [{\"role\":\"user\",\"content\":\"\\u00e9 ☀\"}],\n"
            + "\"model\":\"m\", \"temperature\": 1.50, \"seed\": 12345678901234567890, \"new\": {\"a\":[ ]} } ";

    @ParameterizedTest
    @ValueSource(strings = {BODY, "{\"model\":\"m\",\"messages\":[1],\"temperature\":99,\"n\":0,\"stream\":true}"})
    void passesBodiesByteForByteEvenIfTheApiRejectsThem(String body) {
        ChatRequest fromText = ChatRequest.ofJson(body);
        ChatRequest fromBytes = ChatRequest.ofJson(body.getBytes(UTF_8));

        assertThat(fromText.body()).isEqualTo(body.getBytes(UTF_8));
        assertThat(fromBytes.body()).isEqualTo(body.getBytes(UTF_8));
        assertThat(fromBytes.model()).isEqualTo("m");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "body     | [1]",
                "body     | ''",
                "body     | {",
                "body     | {\"model\":\"m\",\"messages\":[1]} x",
                "body     | \ufeff{\"model\":\"m\",\"messages\":[1]}",
                "model    | {\"messages\":[1]}",
                "model    | {\"model\":7,\"messages\":[1]}",
                "model    | {\"model\":\" \",\"messages\":[1]}",
                "messages | {\"model\":\"m\"}",
                "messages | {\"model\":\"m\",\"messages\":\"Hi\"}",
            })
    void refusesBodiesThatAWorkerWouldRefuse(String field, String body) {
        InvalidChatRequestException refused =
                catchThrowableOfType(InvalidChatRequestException.class, () -> ChatRequest.ofJson(body));

        assertThat(refused.problems()).extracting(Problem::field).containsExactly(field);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"model\":\"m\",\"messages\":[]}",
                "{\"model\":\"m\",\"messages\":[7],\"model\":\"n\"}",
                "{\"model\":\"m\",\"messages\":[{}],\"stream\":false,\"n\":1e9,\"x\":{\"y\":[null]}}",
                "{\"model\":\"m\",\"messages\":[1],\"stream\":\"yes\",\"max_tokens\":-1,\"temperature\":99}"
            })
    void takesWhateverAWorkerTakes(String body) {
        assertThat(ChatRequest.ofJson(body).body()).isEqualTo(body.getBytes(UTF_8));
    }

    @Test
    void refusesOtherEncodings() {
        InvalidChatRequestException refused = catchThrowableOfType(
                InvalidChatRequestException.class, () -> ChatRequest.ofJson(BODY.getBytes(UTF_16)));

        assertThat(refused).hasMessageContaining("body is not UTF-8");
    }

    @Test
    void combinesBodyAndEnvelope() {
        byte[] body = BODY.getBytes(UTF_8);

        ChatRequest request =
                ChatRequest.jsonBuilder(body).id("i").tenant("t").key("k").build();
        body[1] = 'x';

        assertThat(request.body()).isEqualTo(BODY.getBytes(UTF_8));
        assertThat(request.id()).contains("i");
        assertThat(request.tenant()).contains("t");
    }

    @Test
    void checksBodyAndEnvelopeTogether() {
        JsonRequestBuilder builder = ChatRequest.jsonBuilder("{}").id("");

        InvalidChatRequestException refused = catchThrowableOfType(InvalidChatRequestException.class, builder::build);

        assertThat(refused.problems()).extracting(Problem::field).containsExactly("sluice-id", "model", "messages");
    }
}
