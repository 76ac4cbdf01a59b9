package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChatBodyTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"stream\":true,\"stream_options\":null} | true | false",
                "{\"stream\":true,\"stream_options\":{\"include_usage\":true}} | true | true",
                "{\"stream\":false,\"stream_options\":{\"include_usage\":true}} | false | false",
                "{\"model\":\"m\"} | false | false",
                "{\"stream\":\"yes\"} | false | false",
                "[true] | false | false",
                "{ | false | false",
                "`` | false | false"
            })
    void knowsWhatTheClientWants(String body, boolean isStream, boolean includesUsage) {
        assertThat(ChatBody.of(body.getBytes(UTF_8))).isEqualTo(new ChatBody(isStream, includesUsage));
    }
}
