package dev.sluice.worker.deadletters;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.text.PrintableText;
import java.lang.reflect.Field;
import java.time.Instant;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests filters, marks, edits and replay decisions on single records of the dead-letter topic. */
class DeadLettersTest {
    private static final Topics TOPICS = new Topics("chat");
    private static final long DIED = 1_000_000;
    private static final String BODY =
            "{\"messages\":[{\"content\":\"Hello \\\"you\\\"\"}], \"model\":\"m\", \"t\":1.50}";

    private final ReplayMarks marks = new ReplayMarks();

    @Test
    void aFilterMatchesIfAllItsConditionsDo() {
        DeadLetter letter =
                letter(5, BODY, Map.of("sluice-id", "a", "sluice-reason", "rejected", "sluice-tenant", "t"));

        assertThat(filter("a", "rejected", "m", "t", 0, DIED + 1, "Hello").matches(letter))
                .isTrue();
        assertThat(DeadLetterFilter.ALL.matches(letter)).isTrue();
        assertThat(filter("b", "rejected", "m", "t", 0, DIED + 1, "").matches(letter))
                .isFalse();
        assertThat(filter("a", "expired", "m", "t", 0, DIED + 1, "").matches(letter))
                .isFalse();
        assertThat(filter("a", "rejected", "n", "t", 0, DIED + 1, "").matches(letter))
                .isFalse();
        assertThat(filter("a", "rejected", "m", "u", 0, DIED + 1, "").matches(letter))
                .isFalse();
        assertThat(filter("a", "rejected", "m", "t", DIED, DIED + 1, "").matches(letter))
                .isTrue();
        assertThat(filter("a", "rejected", "m", "t", DIED + 1, DIED + 2, "").matches(letter))
                .isFalse();
        assertThat(filter("a", "rejected", "m", "t", 0, DIED, "").matches(letter))
                .isFalse();
        assertThat(filter("a", "rejected", "m", "t", 0, DIED + 1, "hello").matches(letter))
                .isFalse();
    }

    @Test
    void aFilterKnowsTheHttpStatus() {
        DeadLetterFilter rejected = new DeadLetterFilter(
                Set.of(), Set.of(), Set.of("400", "422"), Set.of(), Set.of(), Instant.MIN, Instant.MAX, "");

        assertThat(rejected.matches(letter(5, BODY, Map.of("sluice-http-status", "422"))))
                .isTrue();
        assertThat(rejected.matches(letter(5, BODY, Map.of("sluice-http-status", "500"))))
                .isFalse();
        assertThat(rejected.matches(letter(5, BODY, Map.of()))).isFalse();
    }

    @Test
    void aMarkCountsOnlyIfItNamesAnEarlierOffset() {
        marks.add(mark(9, "5"));
        marks.add(mark(9, "9"));
        marks.add(mark(9, "77"));
        marks.add(mark(9, "nonsense"));

        for (long offset : new long[] {9, 77, 0, 4, 6}) {
            assertThat(marks.contains(letter(offset, BODY, Map.of()))).isFalse();
        }
        assertThat(marks.contains(letter(5, BODY, Map.of()))).isTrue();
    }

    @Test
    void aRecordWithAReasonIsALetterEvenWithTheHeaderOfAMark() {
        ConsumerRecord<byte[], byte[]> forged =
                record(9, BODY, Map.of("sluice-replayed", "5", "sluice-reason", "rejected"));
        marks.add(forged);

        assertThat(ReplayMarks.isMark(forged)).isFalse();
        assertThat(marks.contains(letter(5, BODY, Map.of()))).isFalse();
    }

    @Test
    void marksMatchASetOfOffsets() {
        Random random = new Random(7);
        long start = 3_000_000_000L;
        BitSet expected = new BitSet();
        for (int i = 0; i < 20_000; i++) {
            int offset = random.nextInt(300_000);
            expected.set(offset);
            marks.add(mark(Long.MAX_VALUE, Long.toString(start + offset)));
        }

        for (int offset = 0; offset < 300_000; offset++) {
            assertThat(marks.contains(letter(start + offset, null, Map.of()))).isEqualTo(expected.get(offset));
        }
    }

    @Test
    void aSelectionDecidesAboutEachLetter() {
        marks.add(mark(100, "1"));

        assertThat(decision(letter(1, BODY, Map.of()))).isEqualTo(ReplayDecision.ALREADY_REPLAYED);
        assertThat(decision(letter(2, BODY, Map.of("sluice-tenant", "other")))).isEqualTo(ReplayDecision.SEND);
        assertThat(decision(letter(2, null, Map.of()))).isEqualTo(ReplayDecision.NO_BODY);
        assertThat(decision(letter(2, "[1]", Map.of()))).isEqualTo(ReplayDecision.UNREADABLE);
        assertThat(decision(letter(2, "{\"model\":\"m\"", Map.of()))).isEqualTo(ReplayDecision.UNREADABLE);
        assertThat(decision(letter(2, "{} {}", Map.of()))).isEqualTo(ReplayDecision.UNREADABLE);
        assertThat(decision(letter(2, BODY, Map.of("sluice-replays", "2")))).isEqualTo(ReplayDecision.SEND);
        assertThat(decision(letter(2, BODY, Map.of("sluice-replays", "3"))))
                .isEqualTo(ReplayDecision.REPLAYED_TOO_OFTEN);
        assertThat(decision(letter(2, BODY, Map.of("sluice-replays", "999999999999"))))
                .isEqualTo(ReplayDecision.REPLAYED_TOO_OFTEN);
        assertThat(decision(letter(2, BODY, Map.of("sluice-replays", "-1")))).isEqualTo(ReplayDecision.SEND);
        assertThat(new ReplaySelection(DeadLetterFilter.ofId("x"), List.of(), 3)
                        .decide(letter(1, BODY, Map.of()), marks))
                .isEqualTo(ReplayDecision.NO_MATCH);
        assertThat(new ReplaySelection(DeadLetterFilter.ALL, List.of(BodyEdit.parse("model.name=x")), 3)
                        .decide(letter(2, BODY, Map.of()), marks))
                .isEqualTo(ReplayDecision.NOT_EDITABLE);
    }

    @Test
    void withoutEditsTheBodyKeepsItsBytes() {
        assertThat(BodyEdit.applyAll(List.of(), BODY.getBytes(UTF_8)).map(body -> new String(body, UTF_8)))
                .contains(BODY);
    }

    @Test
    void editsSetFieldsAndKeepTheRest() {
        assertThat(edited(
                        BODY, "model=new/model", "max_tokens=20", "stop=[\"a\"]", "response_format.type=text", "x=1 2"))
                .contains("{\"messages\":[{\"content\":\"Hello \\\"you\\\"\"}],\"model\":\"new/model\",\"t\":1.50,"
                        + "\"max_tokens\":20,\"stop\":[\"a\"],\"response_format\":{\"type\":\"text\"},\"x\":\"1 2\"}");
        assertThat(edited("{\"a\":1}", "a=null", "b=", "c==")).contains("{\"a\":null,\"b\":\"\",\"c\":\"=\"}");
        assertThat(edited("nonsense", "a=1")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "model", "=x", "a..b=1", ".a=1"})
    void aTextThatIsNotAnEditIsRefused(String text) {
        assertThatThrownBy(() -> BodyEdit.parse(text)).hasMessageContaining("write FIELD=VALUE");
    }

    @Test
    void aReplayedRequestKeepsItsIdentityAndLosesItsHistory() {
        DeadLetter letter = letter(
                5,
                BODY,
                Map.of(
                        "sluice-id", "a",
                        "sluice-attempts", "5",
                        "sluice-deferrals", "2",
                        "sluice-enqueued-at", "1",
                        "sluice-last-error", "500",
                        "sluice-reason", "attempts_exhausted",
                        "sluice-http-status", "500",
                        "sluice-origin", "chat.requests.retry-0@7",
                        "sluice-replays", "1",
                        "x-own", "kept"));

        ProducerRecord<byte[], byte[]> request =
                new ReplayRecords(TOPICS, "ada").request(letter, BODY.getBytes(UTF_8), DIED);

        assertThat(request.topic()).isEqualTo("chat.requests");
        assertThat(request.key()).isEqualTo("key".getBytes(UTF_8));
        assertThat(texts(request.headers()))
                .containsExactlyInAnyOrderEntriesOf(Map.of("sluice-id", "a", "sluice-replays", "2", "x-own", "kept"));
    }

    @Test
    void aReplayedRequestKeepsNoHeaderThatAWorkerHasSet() throws Exception {
        Map<String, String> all = new LinkedHashMap<>();
        for (Field constant : WireHeaders.class.getFields()) {
            if (constant.get(null) instanceof String name && name.startsWith("sluice-")) {
                all.put(name, "1");
            }
        }
        all.put("sluice-suspicion", "failed=9000 limited=9000 alone=9 costly=9");
        all.put("sluice-reason", "never_admitted");

        ProducerRecord<byte[], byte[]> request =
                new ReplayRecords(TOPICS, "ada").request(letter(5, BODY, all), BODY.getBytes(UTF_8), DIED);

        assertThat(texts(request.headers()))
                .containsOnlyKeys(
                        "sluice-id",
                        "sluice-tenant",
                        "sluice-group",
                        "sluice-abort",
                        "sluice-cache",
                        "sluice-dead",
                        "sluice-replays");
    }

    @Test
    void onlyFutureTimesAreKept() {
        for (String header : List.of(WireHeaders.EXPIRES_AT, WireHeaders.NOT_BEFORE)) {
            assertThat(timeAfterReplay(header, "1000001")).isEqualTo("1000001");
            assertThat(timeAfterReplay(header, "1000000")).isNull();
            assertThat(timeAfterReplay(header, "tomorrow")).isNull();
        }
    }

    private static @Nullable String timeAfterReplay(String header, String value) {
        DeadLetter letter = letter(5, BODY, Map.of(header, value));
        return texts(new ReplayRecords(TOPICS, "ada")
                        .request(letter, new byte[0], DIED)
                        .headers())
                .get(header);
    }

    @Test
    void aMarkIsWrittenToThePartitionOfItsLetter() {
        ProducerRecord<byte[], byte[]> sent = new ReplayRecords(TOPICS, "ada").mark(letter(5, BODY, Map.of()));

        assertThat(sent.topic()).isEqualTo(TOPICS.dead());
        assertThat(sent.partition()).isEqualTo(3);
        assertThat(sent.value()).isNull();
        assertThat(texts(sent.headers())).containsEntry("sluice-replayed-by", "ada");
        marks.add(record(6, null, texts(sent.headers())));
        assertThat(marks.contains(letter(5, BODY, Map.of()))).isTrue();
    }

    @Test
    void foreignTextCannotControlATerminal() {
        String hostile = "a\u001b[2J\r\n\t\u009b1m\u202eb\u2028\ud800";

        assertThat(PrintableText.line(hostile, 100))
                .isEqualTo("a\\u001b[2J\\u000d\\u000a\\u0009\\u009b1m\\u202eb\\u2028\\ud800");
        assertThat(PrintableText.text("ä\n\t\u001b\ud83d\ude00")).isEqualTo("ä\n\t\\u001b\ud83d\ude00");
        assertThat(PrintableText.line("abcdef", 3)).isEqualTo("abc…");
    }

    @Test
    void theNumberOfGroupsIsBounded() {
        DeadLetterGroups groups = new DeadLetterGroups();
        for (int i = 0; i < 10_050; i++) {
            groups.add(letter(i, "{\"model\":\"m" + i + "\"}", Map.of("sluice-reason", "rejected")));
        }

        assertThat(groups.letters()).isEqualTo(10_050);
        assertThat(groups.largestFirst()).hasSize(10_001);
        assertThat(groups.largestFirst().get(0).letters()).isEqualTo(50);
        assertThat(groups.largestFirst().get(0).key().reason()).isEqualTo("(others)");
    }

    private ReplayDecision decision(DeadLetter letter) {
        return new ReplaySelection(DeadLetterFilter.ALL, List.of(), 3).decide(letter, marks);
    }

    private static Optional<String> edited(String body, String... edits) {
        return BodyEdit.applyAll(List.of(edits).stream().map(BodyEdit::parse).toList(), body.getBytes(UTF_8))
                .map(bytes -> new String(bytes, UTF_8));
    }

    private static DeadLetterFilter filter(
            String id, String reason, String model, String tenant, long since, long until, String contains) {
        return new DeadLetterFilter(
                Set.of(id),
                Set.of(reason),
                Set.of(),
                Set.of(model),
                Set.of(tenant),
                Instant.ofEpochMilli(since),
                Instant.ofEpochMilli(until),
                contains);
    }

    private static ConsumerRecord<byte[], byte[]> mark(long offset, String of) {
        return record(offset, null, Map.of(WireHeaders.REPLAYED, of));
    }

    private static DeadLetter letter(long offset, @Nullable String value, Map<String, String> headers) {
        return DeadLetter.of(record(offset, value, headers));
    }

    private static ConsumerRecord<byte[], byte[]> record(
            long offset, @Nullable String value, Map<String, String> texts) {
        Headers headers = new RecordHeaders();
        texts.forEach((name, text) -> headers.add(name, text.getBytes(UTF_8)));
        return new ConsumerRecord<>(
                TOPICS.dead(),
                3,
                offset,
                DIED,
                TimestampType.CREATE_TIME,
                0,
                0,
                "key".getBytes(UTF_8),
                value == null ? null : value.getBytes(UTF_8),
                headers,
                Optional.empty());
    }

    private static Map<String, String> texts(Headers headers) {
        Map<String, String> texts = new HashMap<>();
        headers.forEach(header -> texts.put(header.key(), new String(header.value(), UTF_8)));
        return texts;
    }
}
