package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

class StreamEventsTest {
    private static final String CHUNK = "{\"id\":\"i\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\\nb\"},"
            + "\"finish_reason\":null,\"logprobs\":{\"content\":[{\"logprob\":-0.12345678901234567890}]}}]}";

    @Test
    void aChunkIsOneLineOfDataWithItsNumbersAsTheyCame() {
        assertThat(event(CHUNK, false)).isEqualTo("data: " + CHUNK + "\n\n");
    }

    @Test
    void usageIsNullInEachChunkIfItWasAskedFor() {
        assertThat(event(CHUNK, true))
                .isEqualTo("data: " + CHUNK.substring(0, CHUNK.length() - 1) + ",\"usage\":null}\n\n");
    }

    @Test
    void anAnswerThatEndedByItselfHasTheWordThatStrictClientsKnow() {
        assertThat(event("{\"choices\":[{\"delta\":{},\"finish_reason\":\"eos\"}]}", false))
                .contains("\"finish_reason\":\"stop\"");
    }

    @Test
    void usageComesInAChunkOfItsOwnBeforeTheEnd() {
        assertThat(end("{\"usage\":{\"total_tokens\":3}}", true))
                .isEqualTo("data: {\"id\":\"i\",\"choices\":[],\"usage\":{\"total_tokens\":3}}\n\ndata: [DONE]\n\n");
        assertThat(end("{\"usage\":{\"total_tokens\":3}}", false)).isEqualTo("data: [DONE]\n\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{\"usage\":null}", "{"})
    void aReplyWithoutUsageEndsWithoutThatChunk(String reply) {
        assertThat(end(reply, true)).isEqualTo("data: [DONE]\n\n");
    }

    @Test
    void aFailureIsAnEventOfBothForms() {
        HttpAnswer error = ErrorBody.ended(502, "stream_cut", "a\nb");

        assertThat(new String(StreamEvents.failure(error), UTF_8))
                .startsWith("data: {\"error\":{")
                .contains("\n\nevent: error\ndata: {\"error\":{")
                .endsWith("}\n\n")
                .doesNotContain("[DONE]");
    }

    private static String event(String chunk, boolean usage) {
        return new String(StreamEvents.event(StreamEvents.chunk(chunk), usage), UTF_8);
    }

    private static String end(String reply, boolean usage) {
        ObjectNode any = StreamEvents.chunk("{\"id\":\"i\",\"choices\":[1]}");
        return new String(StreamEvents.end(any, reply.getBytes(UTF_8), usage), UTF_8);
    }
}
