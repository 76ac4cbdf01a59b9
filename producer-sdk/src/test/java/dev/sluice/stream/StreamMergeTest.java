package dev.sluice.stream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.stream.StreamMerge.Contradiction;
import dev.sluice.stream.StreamMerge.Next;
import dev.sluice.stream.StreamMerge.Show;
import dev.sluice.wire.StreamPiece;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class StreamMergeTest {
    private static final String FIRST = "00000000000000aa";
    private static final String SECOND = "00000000000000bb";

    private final StreamMerge merge = new StreamMerge(StreamMerge.MAX_TEXT);
    private final List<String> shown = new ArrayList<>();

    @Test
    void piecesAreShownAsTheyComeAndTheFinishWaitsForTheReply() {
        show(merge.piece(piece(FIRST, 0, role(), text("Hel"))));
        show(merge.piece(piece(FIRST, 2, text("lo"), finish("stop"))));

        assertThat(shown).containsExactly("role", "Hel", "lo");
        show(merge.reply(FIRST, reply("Hello")));
        assertThat(shown).containsExactly("role", "Hel", "lo", "finish stop");
    }

    @Test
    void whatIsMissingAfterAGapComesFromTheReply() {
        show(merge.piece(piece(FIRST, 0, role(), text("a"))));
        show(merge.piece(piece(FIRST, 3, text("c"))));
        show(merge.piece(piece(FIRST, 2, text("b"))));

        assertThat(shown).containsExactly("role", "a");
        show(merge.reply(FIRST, reply("abc")));
        assertThat(shown).containsExactly("role", "a", "bc", "finish stop");
    }

    @Test
    void whatWasShownIsNotShownAgain() {
        show(merge.piece(piece(FIRST, 0, text("a"), text("b"))));
        show(merge.piece(piece(FIRST, 0, text("a"), text("b"))));
        show(merge.piece(piece(FIRST, 1, text("b"), text("c"))));

        assertThat(shown).containsExactly("a", "b", "c");
    }

    @Test
    void nothingIsShownBeforeTheFirstText() {
        show(merge.piece(piece(FIRST, 0, role(), text(""), "{\"choices\":[],\"usage\":{\"total_tokens\":1}}")));

        assertThat(shown).isEmpty();
        show(merge.piece(piece(SECOND, 0, role(), text("b"))));
        show(merge.piece(piece(FIRST, 3, text("a"))));
        show(merge.reply(SECOND, reply("b")));
        assertThat(shown).containsExactly("role", "b", "finish stop");
    }

    @Test
    void aCallWhoseBeginningWasNotSeenIsNotShown() {
        show(merge.piece(piece(FIRST, 4, text("x"))));
        show(merge.piece(piece(SECOND, 0, text("b"))));
        show(merge.piece(piece(FIRST, 5, text("y"))));

        assertThat(shown).containsExactly("b");
    }

    @Test
    void anotherCallAfterATextIsAContradiction() {
        show(merge.piece(piece(FIRST, 0, text("a"))));

        assertThat(merge.piece(piece(SECOND, 0, text("b")))).isInstanceOf(Contradiction.class);
    }

    @Test
    void theReplyOfAnotherCallIsAContradictionAfterATextAndNoneBefore() {
        show(merge.piece(piece(FIRST, 0, text("a"))));
        assertThat(merge.reply(SECOND, reply("a"))).isInstanceOf(Contradiction.class);

        StreamMerge unnamed = new StreamMerge(StreamMerge.MAX_TEXT);
        show(unnamed.piece(piece(FIRST, 0, text("a"))));
        assertThat(unnamed.reply(null, reply("a"))).isInstanceOf(Contradiction.class);

        StreamMerge early = new StreamMerge(StreamMerge.MAX_TEXT);
        show(early.piece(piece(FIRST, 0, role())));
        shown.clear();
        show(early.reply(SECOND, reply("b")));
        assertThat(shown).containsExactly("role", "b", "finish stop");
    }

    @Test
    void aReplyThatDoesNotBeginWithWhatWasShownIsAContradiction() {
        show(merge.piece(piece(FIRST, 0, text("a"))));

        assertThat(merge.reply(FIRST, reply("b"))).isInstanceOf(Contradiction.class);
    }

    @Test
    void aReplyThatIsNoCompletionShowsNothing() {
        show(merge.reply(null, "{".getBytes(UTF_8)));
        show(new StreamMerge(8).reply(null, "{\"object\":\"x\"}".getBytes(UTF_8)));

        assertThat(shown).isEmpty();
    }

    @Test
    void allChunksHaveTheIdOfTheFirstAndNoneHasUsageOrAnError() {
        List<ObjectNode> chunks = new ArrayList<>();
        for (Next next : List.of(
                merge.piece(piece(
                        FIRST,
                        0,
                        "{\"id\":\"i\",\"created\":7,\"model\":\"m\",\"x\":1,\"usage\":null,"
                                + "\"error\":null,\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}")),
                merge.piece(piece(
                        FIRST,
                        1,
                        "{\"id\":\"j\",\"choices\":[{\"delta\":{\"content\":\"b\"}},"
                                + "{\"index\":1,\"delta\":{\"content\":\"c\"}}]}")),
                merge.reply(
                        FIRST,
                        ("{\"id\":\"k\",\"choices\":["
                                        + "{\"index\":0,\"finish_reason\":\"length\",\"message\":{\"content\":\"ab\"}},"
                                        + "{\"index\":1,\"finish_reason\":\"stop\",\"message\":{\"content\":\"c\"}}]}")
                                .getBytes(UTF_8)))) {
            ((Show) next).chunks().forEachRemaining(chunks::add);
        }

        assertThat(chunks).hasSize(5).allSatisfy(chunk -> {
            assertThat(chunk.get("id").asString()).isEqualTo("i");
            assertThat(chunk.get("object").asString()).isEqualTo("chat.completion.chunk");
            assertThat(chunk.get("created").asInt()).isEqualTo(7);
            assertThat(chunk.get("model").asString()).isEqualTo("m");
            assertThat(chunk.get("choices")).hasSize(1);
            assertThat(chunk.has("usage") || chunk.has("error")).isFalse();
        });
        assertThat(chunks.get(0).get("x").asInt()).isEqualTo(1);
        assertThat(chunks.get(2).at("/choices/0/index").asInt()).isEqualTo(1);
        assertThat(chunks.get(3).at("/choices/0/finish_reason").asString()).isEqualTo("length");
    }

    @Test
    void aCharacterIsShownAsAWhole() {
        show(merge.piece(piece(FIRST, 0, text("a\\ud83d"), text("\\ude00b"), text("\\ud83d"))));

        assertThat(shown).containsExactly("a", "\ud83d\ude00b");
        show(merge.reply(FIRST, reply("a\\ud83d\\ude00b\\ud83d\\ude00")));
        assertThat(String.join("", shown)).isEqualTo("a\ud83d\ude00b\ud83d\ude00finish stop");
    }

    @Test
    void toolCallsGoOnWhereTheyWereCut() {
        List<ObjectNode> chunks = new ArrayList<>();
        String begun = "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"c\",\"type\":\"function\","
                + "\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\"}}]}}]}";
        String reply = "{\"choices\":[{\"finish_reason\":\"tool_calls\",\"message\":{\"tool_calls\":["
                + "{\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}},"
                + "{\"id\":\"d\",\"type\":\"function\",\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}]}}]}";
        ((Show) merge.piece(piece(FIRST, 0, begun))).chunks().forEachRemaining(chunks::add);
        ((Show) merge.reply(FIRST, reply.getBytes(UTF_8))).chunks().forEachRemaining(chunks::add);

        assertThat(chunks)
                .extracting(chunk -> chunk.at("/choices/0/delta/tool_calls/0").toString())
                .containsExactly(
                        "{\"index\":0,\"id\":\"c\",\"type\":\"function\","
                                + "\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\"}}",
                        "{\"index\":0,\"function\":{\"arguments\":\"\\\":1}\"}}",
                        "{\"index\":1,\"id\":\"d\",\"type\":\"function\","
                                + "\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}",
                        "");
    }

    @Test
    void longTextsOfAReplyAreCutBetweenCharacters() {
        String text = "\ud83d\ude00".repeat(10_000) + "x";

        show(merge.reply(null, reply(text)));

        List<String> pieces = shown.subList(1, shown.size() - 1);
        assertThat(String.join("", pieces)).isEqualTo(text);
        assertThat(pieces).hasSize(3).allSatisfy(piece -> {
            assertThat(piece.length()).isLessThanOrEqualTo(StreamMerge.MAX_TEXT);
            assertThat(UTF_8.newEncoder().canEncode(piece)).isTrue();
        });
    }

    private void show(Next next) {
        assertThat(next).isInstanceOf(Show.class);
        ((Show) next).chunks().forEachRemaining(chunk -> shown.add(said(chunk)));
    }

    private static String said(ObjectNode chunk) {
        JsonNode choice = chunk.get("choices").get(0);
        String text = choice.path("delta").path("content").asString("");
        if (!text.isEmpty()) {
            return text;
        }
        return choice.path("finish_reason").isString()
                ? "finish " + choice.get("finish_reason").asString()
                : "role";
    }

    private static StreamPiece piece(String call, long first, String... chunks) {
        return new StreamPiece(
                new byte[] {1}, call, first, String.join("\n", chunks).getBytes(UTF_8));
    }

    private static String role() {
        return "{\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}";
    }

    private static String text(String text) {
        return "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + text + "\"},\"finish_reason\":null}]}";
    }

    private static String finish(String reason) {
        return "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"" + reason + "\"}]}";
    }

    private static byte[] reply(String text) {
        return ("{\"id\":\"i\",\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\"message\":{" + "\"content\":\""
                        + text + "\"}}]}")
                .getBytes(UTF_8);
    }
}
