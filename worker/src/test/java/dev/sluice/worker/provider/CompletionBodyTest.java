package dev.sluice.worker.provider;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CompletionBodyTest {
    @Test
    void aCompletionHasChoices() {
        CompletionBody body = read("""
                {"id": "x", "usage": {"total_tokens": 3}, "choices": [{"message": {"content": "hi"}}], "more": [1, {}]}
                """);

        assertThat(body).isEqualTo(new CompletionBody(true, true, null, null, Optional.of(new TokenUsage(0, 3))));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"choices\": []}",
                "{\"choices\": null}",
                "{\"choices\": {}}",
                "{\"choices\": \"a\"}",
                "{\"inner\": {\"choices\": [1]}}"
            })
    void withoutAChoiceItIsNoCompletion(String text) {
        assertThat(read(text)).isEqualTo(new CompletionBody(true, false, null, null, Optional.empty()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'error': {'type': 'a', 'message': 'm'}} | a | m",
                "{'error': {'message': 'm', 'error_type': 'a'}} | a | m",
                "{'error': {'message': 'm'}, 'error_type': 'a'} | a | m",
                "{'error_type': 'a', 'error': {'message': 'm'}} | a | m",
                "{'error': {'type': 'a', 'error_type': 'b', 'message': 'm'}} | a | m",
                "{'error_type': 'b', 'error': {'type': 'a'}} | a | ",
                "{'error': {'message': 'm', 'type': null, 'param': {'type': 'no'}}} | | m",
                "{'error': {'message': ['m'], 'type': {'type': 'no'}}} | | ",
                "{'error': 'm'} | | m",
                "{'error': null} | | ",
                "{'error': ['a']} | | ",
                "{'type': 'no', 'message': 'no'} | | "
            })
    void errorTypeAndMessageAreFoundInsideErrorAndBesideIt(String text, String type, String message) {
        CompletionBody body = read(text.replace('\'', '"'));

        assertThat(body).isEqualTo(new CompletionBody(true, false, type, message, Optional.empty()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "<html>no</html>",
                "null",
                "\"text\"",
                "[{\"choices\": [1]}]",
                "{\"choices\": [1]",
                "{\"choices\": [1",
                "{\"choices\": [{\"message\": {\"content\": \"hal",
                "{\"error\": {\"type\": \"a\"",
                "{\"error\": {\"type\":",
                "{\"choices\": [1]} x",
                "{\"choices\": [1]} {}",
                "{\"choices\": [1]}}",
                "{choices: [1]}"
            })
    void anythingButOneWholeObjectIsNotJson(String text) {
        assertThat(read(text)).isEqualTo(new CompletionBody(false, false, null, null, Optional.empty()));
    }

    @Test
    void aLongAnswerIsReadAndADeepOneIsNotJson() {
        assertThat(read("{\"choices\": [\"" + "x".repeat(30_000_000) + "\"]}").hasChoices())
                .isTrue();
        assertThat(read("{\"a\":".repeat(100_000)).isJson()).isFalse();
    }

    @Test
    void brokenUtf8IsNotJson() {
        byte[] body = "{\"error\": \"?\"}".getBytes(UTF_8);
        body[11] = (byte) 0xff;

        assertThat(CompletionBody.read(body).isJson()).isFalse();
    }

    private static CompletionBody read(String text) {
        return CompletionBody.read(text.getBytes(UTF_8));
    }
}
