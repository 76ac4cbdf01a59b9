package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class CompletionStreamTest {
    private static final String HEAD = "{\"id\":\"i\",\"object\":\"chat.completion\",\"created\":7,\"model\":\"m\",";

    @Test
    void everyChunkHasWhatClientsReadAndTheStreamIsDone() {
        List<JsonNode> chunks = chunks(
                HEAD
                        + "\"usage\":{\"total_tokens\":3},\"choices\":[{\"index\":0,\"finish_reason\":\"eos\","
                        + "\"message\":{\"role\":\"assistant\",\"content\":\"hello\"}}]}",
                false);

        assertThat(chunks).allSatisfy(chunk -> {
            assertThat(chunk.get("id").asString()).isEqualTo("i");
            assertThat(chunk.get("object").asString()).isEqualTo("chat.completion.chunk");
            assertThat(chunk.get("created").asInt()).isEqualTo(7);
            assertThat(chunk.get("model").asString()).isEqualTo("m");
            assertThat(chunk.has("error")).isFalse();
            assertThat(chunk.has("usage")).isFalse();
        });
        assertThat(chunks)
                .extracting(chunk -> chunk.get("choices").get(0).get("delta").toString())
                .containsExactly("{\"role\":\"assistant\",\"content\":\"\"}", "{\"content\":\"hello\"}", "{}");
        assertThat(chunks)
                .extracting(chunk ->
                        chunk.get("choices").get(0).get("finish_reason").toString())
                .containsExactly("null", "null", "\"stop\"");
    }

    @Test
    void usageComesInAChunkOfItsOwnIfItWasAskedFor() {
        List<JsonNode> chunks =
                chunks(HEAD + "\"usage\":{\"total_tokens\":3},\"choices\":[{\"index\":0,\"message\":{}}]}", true);

        assertThat(chunks.subList(0, chunks.size() - 1))
                .allSatisfy(chunk -> assertThat(chunk.get("usage").isNull()).isTrue());
        JsonNode last = chunks.get(chunks.size() - 1);
        assertThat(last.get("choices")).isEmpty();
        assertThat(last.get("usage").get("total_tokens").asInt()).isEqualTo(3);
    }

    @Test
    void longTextsAreCutBetweenCharacters() {
        String text = "\ud83d\ude00".repeat(10_000) + "x";

        List<JsonNode> chunks = chunks(
                HEAD + "\"choices\":[{\"message\":{\"reasoning\":\"because\",\"content\":\"" + text + "\"}}]}", false);

        List<String> pieces = new ArrayList<>();
        for (JsonNode chunk : chunks) {
            JsonNode piece = chunk.get("choices").get(0).get("delta").get("content");
            if (piece != null) {
                pieces.add(piece.asString());
            }
        }
        assertThat(String.join("", pieces)).isEqualTo(text);
        assertThat(pieces).hasSize(4).allSatisfy(piece -> {
            assertThat(piece.length()).isLessThanOrEqualTo(8 * 1024);
            assertThat(UTF_8.newEncoder().canEncode(piece)).isTrue();
        });
    }

    @Test
    void toolCallsAndChoicesHaveTheirIndex() {
        List<JsonNode> chunks = chunks(
                HEAD + "\"choices\":["
                        + "{\"index\":0,\"finish_reason\":\"tool_calls\",\"message\":{\"content\":null,\"tool_calls\":["
                        + "{\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}},"
                        + "{\"id\":\"b\",\"type\":\"function\",\"function\":{\"name\":\"g\",\"arguments\":\"[]\"}}]}},"
                        + "{\"index\":1,\"finish_reason\":\"length\",\"message\":{\"content\":\"x\"}}]}",
                false);

        assertThat(chunks.get(1).at("/choices/0/delta/tool_calls/0").toString())
                .isEqualTo("{\"index\":0,\"id\":\"a\",\"type\":\"function\","
                        + "\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}");
        assertThat(chunks.get(2).at("/choices/0/delta/tool_calls/0/index").asInt())
                .isEqualTo(1);
        assertThat(chunks.get(3).at("/choices/0/finish_reason").asString()).isEqualTo("tool_calls");
        assertThat(chunks.get(5).at("/choices/0/index").asInt()).isEqualTo(1);
        assertThat(chunks.get(6).at("/choices/0/finish_reason").asString()).isEqualTo("length");
    }

    @Test
    void whatIsNoCompletionMakesNoStream() {
        assertThat(CompletionStream.of("{".getBytes(UTF_8), false)).isNull();
        assertThat(CompletionStream.of("{\"object\":\"x\"}".getBytes(UTF_8), false))
                .isNull();
    }

    /** Reads the events as strict clients do, and checks their form. */
    private static List<JsonNode> chunks(String reply, boolean usage) {
        byte[] events = CompletionStream.of(reply.getBytes(UTF_8), usage);
        assertThat(events).isNotNull();
        String[] parts = new String(events, UTF_8).split("\n\n", -1);
        List<JsonNode> chunks = new ArrayList<>();
        for (int i = 0; i < parts.length - 2; i++) {
            assertThat(parts[i]).startsWith("data: {").doesNotContain("\n");
            chunks.add(JsonMapper.shared().readTree(parts[i].substring("data: ".length())));
        }
        assertThat(parts[parts.length - 2]).isEqualTo("data: [DONE]");
        assertThat(parts[parts.length - 1]).isEmpty();
        return chunks;
    }
}
