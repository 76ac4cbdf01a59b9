package dev.sluice.worker.call;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sandbox.CompletionChunks;
import dev.sluice.sandbox.RandomCompletions;
import dev.sluice.stream.CompletionAssembly;
import dev.sluice.worker.call.EventStreamReader.Progress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class EventStreamReaderTest {
    /** A mapper that writes halves of surrogate pairs. */
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    private final List<String> events = new ArrayList<>();
    private final EventStreamReader reader = reader(1_000);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "data: a\\n\\ndata:b\\n\\n                  | :a, :b",
                "data: a\\r\\n\\r\\ndata: b\\r\\n\\r\\n      | :a, :b",
                "data: a\\r\\rdata: b\\r\\r                  | :a, :b",
                "data: a\\r\\n\\ndata: b\\n\\r               | :a, :b",
                ": comment\\ndata: a\\n: another\\n\\n       | :a",
                "event: error\\ndata: a\\n\\ndata: b\\n\\n   | error:a, :b",
                "data: a\\ndata: b\\ndata\\ndata:\\n\\n      | :a/b//",
                "id: 1\\nretry: 7\\ndata:  a\\nunknown: x\\n\\n | :<a",
                "event: lonely\\n\\ndata: a\\n\\n            | :a",
                "data: a\\n\\n\\n\\n\\ndata: b\\n\\n        | :a, :b",
                "data: a\\n\\ndata: b                        | :a, :b",
                "data: a\\n\\ndata: b\\n                     | :a, :b",
                "data: a\\n\\ndata: b\\r                     | :a, :b",
                "BOMdata: a\\n\\nBOMdata: b\\n\\n            | :a",
                "data:: a:b \\n\\n                           | :: a:b<",
                "data\\n\\n                                  | :",
                "'\\n\\r\\r\\n'                              | ''"
            })
    void eventsAreTheSameHoweverTheBytesAreDivided(String stream, String expected) {
        byte[] bytes = stream.replace("\\n", "\n")
                .replace("\\r", "\r")
                .replace("BOM", "\uFEFF")
                .getBytes(UTF_8);
        List<String> wanted = expected.isEmpty() ? List.of() : Arrays.asList(expected.split(", "));
        for (int first = 0; first <= bytes.length; first++) {
            for (int second = first; second <= bytes.length; second++) {
                events.clear();
                EventStreamReader each = reader(1_000);

                each.add(Arrays.copyOfRange(bytes, 0, first));
                each.add(Arrays.copyOfRange(bytes, first, second));
                each.add(Arrays.copyOfRange(bytes, second, bytes.length));
                each.end();

                assertThat(events).as("cut at %d and %d", first, second).isEqualTo(wanted);
            }
        }
    }

    @Test
    void charactersMayBeCut() {
        for (byte each : "data: 😀é\n\n".getBytes(UTF_8)) {
            assertThat(reader.add(new byte[] {each})).isEqualTo(Progress.READ);
        }

        assertThat(events).containsExactly(":😀é");
    }

    @Test
    void aLineThatIsTooLongStopsTheReader() {
        EventStreamReader small = reader(10);

        assertThat(small.add("data: 1234\n".getBytes(UTF_8))).isEqualTo(Progress.READ);
        assertThat(small.add("data: 12345".getBytes(UTF_8))).isEqualTo(Progress.TOO_LONG);
    }

    @ParameterizedTest
    @ValueSource(strings = {": 45678", "x: 4567", "data: 1"})
    void linesWithoutAnEventTakeNoMemory(String line) {
        EventStreamReader small = reader(10);

        for (int i = 0; i < 100_000; i++) {
            assertThat(small.add((line + (line.startsWith("data") ? "\n\n" : "\n")).getBytes(UTF_8)))
                    .isEqualTo(Progress.READ);
        }

        assertThat(small.heldBytes()).isLessThan(5_000);
    }

    @Test
    void anEventOfManyLinesThatIsTooLongStopsTheReader() {
        EventStreamReader small = reader(10);

        assertThat(small.add("data:1234\ndata:1234\n".getBytes(UTF_8))).isEqualTo(Progress.READ);
        assertThat(small.add("data:1\n".getBytes(UTF_8))).isEqualTo(Progress.TOO_LONG);
    }

    @Test
    void aHandlerThatHasEnoughStopsTheReader() {
        EventStreamReader once = new EventStreamReader(100, (type, data) -> {
            events.add(type);
            return false;
        });

        assertThat(once.add("data: a\n\ndata: b\n\n".getBytes(UTF_8))).isEqualTo(Progress.STOPPED);

        assertThat(events).hasSize(1);
    }

    @Test
    void noBytesWhateverMakeItThrow() {
        Random random = new Random(7);
        byte[] alphabet = "data: \r\n:event\u0000\uFEFF{".getBytes(UTF_8);
        for (int i = 0; i < 5_000; i++) {
            byte[] bytes = new byte[random.nextInt(60)];
            for (int j = 0; j < bytes.length; j++) {
                bytes[j] = alphabet[random.nextInt(alphabet.length)];
            }
            EventStreamReader each = reader(20);

            assertThat(each.add(bytes)).isNotNull();
            assertThat(each.end()).isNotNull();
        }
    }

    @Test
    void tenThousandRandomCompletionsAreWholeAgainHoweverTheirBytesAreDivided() {
        Random random = new Random(16);
        RandomCompletions completions = new RandomCompletions(random);
        CompletionChunks cut = new CompletionChunks(() -> 1 + random.nextInt(9), true);
        for (int i = 0; i < 10_000; i++) {
            ObjectNode whole = completions.next();
            CompletionAssembly assembly =
                    new CompletionAssembly(whole.path("choices").size(), 1 << 20);
            EventStreamReader each = new EventStreamReader(
                    1 << 20, (type, data) -> assembly.add(data) == CompletionAssembly.Added.TAKEN);

            for (byte[] some : divided(stream(cut.of(whole, true), random), random)) {
                assertThat(each.add(some)).isEqualTo(Progress.READ);
            }

            assertThat(assembly.isComplete()).isTrue();
            assertThat(JSON.readTree(assembly.completion()))
                    .as("completion %d", i)
                    .isEqualTo(JSON.readTree(JSON.writeValueAsString(whole)));
        }
    }

    private static byte[] stream(List<ObjectNode> chunks, Random random) {
        StringBuilder stream = new StringBuilder();
        for (ObjectNode chunk : chunks) {
            String end = List.of("\n", "\r", "\r\n").get(random.nextInt(3));
            String json = random.nextInt(10) == 0
                    ? JSON.writerWithDefaultPrettyPrinter().writeValueAsString(chunk)
                    : JSON.writeValueAsString(chunk);
            if (random.nextInt(10) == 0) {
                stream.append(": keep-alive").append(end);
            }
            json.lines().forEach(line -> stream.append("data: ").append(line).append(end));
            stream.append(end);
        }
        return stream.toString().getBytes(UTF_8);
    }

    private static List<byte[]> divided(byte[] bytes, Random random) {
        List<byte[]> parts = new ArrayList<>();
        int begin = 0;
        while (begin < bytes.length) {
            int end = Math.min(bytes.length, begin + 1 + random.nextInt(random.nextInt(4) == 0 ? 5 : 200));
            parts.add(Arrays.copyOfRange(bytes, begin, end));
            begin = end;
        }
        return parts;
    }

    private EventStreamReader reader(int maxBytes) {
        return new EventStreamReader(maxBytes, (type, data) -> {
            String text = new String(data, UTF_8).replace('\n', '/');
            // CsvSource strips what stands at either end
            String shown = text.startsWith(" ") ? "<" + text.substring(1) : text;
            events.add(type + ":" + (shown.endsWith(" ") ? shown.substring(0, shown.length() - 1) + "<" : shown));
            return true;
        });
    }
}
