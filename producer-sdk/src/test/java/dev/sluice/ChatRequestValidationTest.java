package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.InvalidChatRequestException.Problem;
import java.time.Duration;
import java.time.Instant;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ChatRequestValidationTest {
    private static final Instant NOON = Instant.parse("2026-11-24T12:00:00Z");
    private static final String LONE_SURROGATE = "a\ud800b";

    @ParameterizedTest(name = "{0} is {1}")
    @MethodSource
    void refusesInvalidValues(String field, String found, UnaryOperator<ChatRequestBuilder> wrong) {
        ChatRequestBuilder builder =
                wrong.apply(ChatRequest.builder().model("m").user("Hi"));

        InvalidChatRequestException refused = refused(builder);

        assertThat(refused.problems()).singleElement().satisfies(problem -> {
            assertThat(problem.field()).isEqualTo(field);
            assertThat(problem.found()).isEqualTo(found);
            assertThat(problem.remedy()).isNotBlank();
        });
    }

    static Stream<Arguments> refusesInvalidValues() {
        return Stream.of(
                wrong("model", "' '", b -> b.model(" ")),
                wrong("temperature", "2.1", b -> b.temperature(2.1)),
                wrong("temperature", "-0.1", b -> b.temperature(-0.1)),
                wrong("temperature", "NaN", b -> b.temperature(Double.NaN)),
                wrong("top_p", "1.01", b -> b.topP(1.01)),
                wrong("top_p", "-1.0", b -> b.topP(-1)),
                wrong("min_p", "2.0", b -> b.minP(2)),
                wrong("n", "0", b -> b.n(0)),
                wrong("n", "129", b -> b.n(129)),
                wrong("logprobs", "-1", b -> b.logprobs(-1)),
                wrong("logprobs", "21", b -> b.logprobs(21)),
                wrong("max_tokens", "0", b -> b.maxTokens(0)),
                wrong("stop", "5 texts", b -> b.stop("1", "2", "3", "4", "5")),
                wrong("presence_penalty", "Infinity", b -> b.presencePenalty(Double.POSITIVE_INFINITY)),
                wrong("response_format", "{", b -> b.responseFormat("{")),
                wrong("response_format", "[]", b -> b.responseFormat("[]")),
                wrong("tools", "{}", b -> b.tools("{}")),
                wrong("tools", "[1] [2]", b -> b.tools("[1] [2]")),
                wrong("tool_choice", "{x", b -> b.toolChoice("{x")),
                wrong("max_tokens", "5", b -> b.raw("max_tokens", "5")),
                wrong("echo", "yes", b -> b.raw("echo", "yes")),
                wrong("echo", "''", b -> b.raw("echo", "")),
                wrong("echo", "true", b -> b.raw("echo", "false").raw("echo", "true")),
                wrong(
                        "messages[1].content",
                        "given twice",
                        b -> b.message(ChatMessage.user("x").with("content", "[]"))),
                wrong("messages[1].content", "[1", b -> b.message(ChatMessage.userParts("[1"))),
                wrong(
                        "messages[1].role",
                        "\"tool\"",
                        b -> b.message(ChatMessage.user("x").with("role", "\"tool\""))),
                wrong("messages[1].content", "half a surrogate pair", b -> b.user(LONE_SURROGATE)),
                wrong("sluice-id", "''", b -> b.id("")),
                wrong("sluice-id", "'a\u0007'", b -> b.id("a\u0007")),
                wrong("sluice-id", "'" + LONE_SURROGATE + "'", b -> b.id(LONE_SURROGATE)),
                wrong("sluice-tenant", "'" + "é".repeat(63) + "…", b -> b.tenant("é".repeat(129))),
                wrong("sluice-not-before", "1969-12-31T23:59:59Z", b -> b.notBefore(Instant.ofEpochSecond(-1))),
                wrong(
                        "sluice-not-before",
                        "+11000-01-01T00:00:00Z",
                        b -> b.notBefore(Instant.parse("+11000-01-01T00:00:00Z"))),
                wrong(
                        "sluice-not-before",
                        "8000-01-01T00:00:00Z",
                        b -> b.notBefore(Instant.parse("8000-01-01T00:00:00Z"))),
                wrong(
                        "sluice-expires-at",
                        NOON.toString(),
                        b -> b.notBefore(NOON).expiresAt(NOON)),
                wrong("sluice-cache", "PT0S", b -> b.cacheFor(Duration.ZERO)),
                wrong("traceparent", "nonsense", b -> b.traceparent("nonsense")),
                wrong("tracestate", "a=b", b -> b.tracestate("a=b")),
                wrong("header", "sluice-mine", b -> b.header("sluice-mine", "x")),
                wrong("header", "kafka_mine", b -> b.header("kafka_mine", "x")),
                wrong("header", "traceparent", b -> b.header("traceparent", "x")),
                wrong("header", "''", b -> b.header("", "x")),
                wrong("headers", "8193 bytes", b -> b.header("h", new byte[8192])));
    }

    @Test
    void acceptsValuesAtTheLimits() {
        ChatRequestBuilder builder = ChatRequest.builder()
                .model("m")
                .user("")
                .temperature(2)
                .topP(0)
                .minP(1)
                .n(128)
                .logprobs(20)
                .maxTokens(1)
                .stop("1", "2", "3", "4")
                .id("é".repeat(128))
                .notBefore(Instant.EPOCH)
                .expiresAt(NOON)
                .cacheFor(Duration.ofMillis(1))
                .traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
                .tracestate("a=b")
                .raw("stream", "true")
                .header("h", new byte[8191]);

        assertThatCode(builder::build).doesNotThrowAnyException();
    }

    @Test
    void reportsAllProblemsTogether() {
        ChatRequestBuilder builder = ChatRequest.builder().temperature(3).id("");

        InvalidChatRequestException refused = refused(builder);

        assertThat(refused.problems())
                .extracting(Problem::field)
                .containsExactly("sluice-id", "model", "messages", "temperature");
        assertThat(refused)
                .hasMessageStartingWith("chat request refused: ")
                .hasMessageContaining("temperature is 3.0: must be 0 to 2")
                .hasMessageContaining("model is missing: call model() with a model's name");
    }

    private static InvalidChatRequestException refused(ChatRequestBuilder builder) {
        return catchThrowableOfType(InvalidChatRequestException.class, builder::build);
    }

    private static Arguments wrong(String field, String found, UnaryOperator<ChatRequestBuilder> change) {
        return Arguments.of(field, found, change);
    }
}
