package dev.sluice.stream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.stream.StreamMerge.Contradiction;
import dev.sluice.stream.StreamMerge.Next;
import dev.sluice.stream.StreamMerge.Show;
import dev.sluice.wire.StreamPiece;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Random answers, cut anywhere, whose pieces get lost, doubled and late, and of which several calls write at once: what
 * a reader puts together from the chunks is always the beginning of one call's answer, and at the end the whole reply,
 * or the merge says that it cannot be. The property {@code -Dsluice.stream.runs=10000} takes more answers.
 */
class StreamMergePropertyTest {
    private static final int RUNS = Integer.getInteger("sluice.stream.runs", 1_000);

    @Test
    void whateverBecomesOfPiecesOfOneCallTheReaderHasTheReplyAtTheEnd() {
        for (int seed = 0; seed < RUNS; seed++) {
            Random random = new Random(seed);
            RandomAnswer answer = new RandomAnswer(random);
            Reader reader = new Reader(new StreamMerge(2 + random.nextInt(30)));
            List<StreamPiece> pieces = answer.pieces(random, "00000000000000aa");

            for (StreamPiece piece : disturbed(pieces, random)) {
                reader.take(reader.merge.piece(piece));
            }
            assertThat(reader.isBeginningOf(answer)).as("seed %s", seed).isTrue();
            reader.take(reader.merge.reply("00000000000000aa", answer.reply()));

            assertThat(reader.contradiction).as("seed %s", seed).isFalse();
            assertThat(reader.whole()).as("seed %s", seed).isEqualTo(said(answer.whole()));
        }
    }

    @Test
    void theTextsOfTwoCallsAreNeverMixed() {
        int contradictions = 0;
        for (int seed = 0; seed < RUNS; seed++) {
            Random random = new Random(seed);
            RandomAnswer first = new RandomAnswer(random);
            RandomAnswer second = new RandomAnswer(random);
            Reader reader = new Reader(new StreamMerge(2 + random.nextInt(30)));
            List<StreamPiece> both = mixed(
                    disturbed(first.pieces(random, "00000000000000aa"), random),
                    disturbed(second.pieces(random, "00000000000000bb"), random),
                    random);

            for (StreamPiece piece : both.subList(0, random.nextInt(both.size() + 1))) {
                reader.take(reader.merge.piece(piece));
            }
            assertThat(reader.isBeginningOf(first) || reader.isBeginningOf(second))
                    .as("seed %s", seed)
                    .isTrue();
            boolean isFirst = random.nextBoolean();
            RandomAnswer answer = isFirst ? first : second;
            String call = isFirst ? "00000000000000aa" : "00000000000000bb";
            reader.take(reader.merge.reply(random.nextInt(10) == 0 ? null : call, answer.reply()));

            contradictions += reader.contradiction ? 1 : 0;
            assertThat(reader.contradiction || reader.whole().equals(said(answer.whole())))
                    .as("seed %s", seed)
                    .isTrue();
        }
        assertThat(contradictions).isBetween(RUNS / 10, RUNS * 9 / 10);
    }

    /** Loses some pieces, doubles some, and lets some be late. */
    private static List<StreamPiece> disturbed(List<StreamPiece> pieces, Random random) {
        List<StreamPiece> result = new ArrayList<>();
        int mischief = random.nextInt(3) * 10;
        for (StreamPiece piece : pieces) {
            if (random.nextInt(100) >= mischief) {
                result.add(piece);
            }
            if (random.nextInt(100) < mischief) {
                result.add(piece);
            }
        }
        for (int i = 1; i < result.size(); i++) {
            if (random.nextInt(200) < mischief) {
                Collections.swap(result, i - 1, i);
            }
        }
        return result;
    }

    private static List<StreamPiece> mixed(List<StreamPiece> first, List<StreamPiece> second, Random random) {
        List<StreamPiece> mixed = new ArrayList<>();
        int begun = 0;
        for (StreamPiece piece : second) {
            while (begun < first.size() && random.nextBoolean()) {
                mixed.add(first.get(begun++));
            }
            mixed.add(piece);
        }
        mixed.addAll(first.subList(begun, first.size()));
        return mixed;
    }

    /** Puts together what it is shown, as clients do. */
    private static final class Reader {
        private final StreamMerge merge;
        private final CompletionAssembly assembly = new CompletionAssembly(1, Integer.MAX_VALUE);
        private boolean contradiction;

        Reader(StreamMerge merge) {
            this.merge = merge;
        }

        void take(Next next) {
            if (next instanceof Contradiction) {
                contradiction = true;
            } else if (!contradiction) {
                ((Show) next).chunks().forEachRemaining(this::add);
            }
        }

        /** Goes through bytes, as over the wire: no character may need another chunk. */
        private void add(ObjectNode chunk) {
            byte[] bytes = ChunkJson.MAPPER.writeValueAsString(chunk).getBytes(UTF_8);
            assertThat(assembly.add(bytes)).isEqualTo(CompletionAssembly.Added.TAKEN);
        }

        boolean isBeginningOf(RandomAnswer answer) {
            JsonNode choices = answer.whole();
            for (JsonNode choice : assembly.tree().get("choices").values()) {
                JsonNode whole = choices.path(choice.get("index").intValue());
                for (String field : CompletionTail.TEXTS) {
                    String text = whole.path("message").path(field).stringValue("");
                    if (!text.startsWith(choice.path("message").path(field).stringValue(""))) {
                        return false;
                    }
                }
                if (!choice.path("finish_reason").isNull()) {
                    return false;
                }
            }
            return true;
        }

        JsonNode whole() {
            return said(assembly.tree().get("choices"));
        }
    }

    /** Leaves out the fields that say nothing, which a stream may have and the reply not. */
    private static JsonNode said(JsonNode choices) {
        for (JsonNode choice : choices.values()) {
            ObjectNode message = (ObjectNode) choice.get("message");
            List<String> fields = List.copyOf(message.propertyNames());
            fields.stream()
                    .filter(field -> message.get(field).stringValue("").isEmpty()
                            && !message.get(field).isContainer())
                    .forEach(message::remove);
        }
        return choices;
    }
}
