package dev.sluice.worker.cli.dlq;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.worker.cli.TestTerminal;
import dev.sluice.worker.deadletters.DeadLetterReplay;
import dev.sluice.worker.kafka.KafkaClients;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class DlqCommandIT {
    private static final String BODY = "{\"model\":\"m\", \"messages\":[]}";

    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private DeadLetterBox box;
    private TestTerminal terminal = new TestTerminal();

    @BeforeEach
    void open() throws Exception {
        box = new DeadLetterBox(kafka.bootstrapServers(), kafka.uniqueName("dlq"));
    }

    @AfterEach
    void close() {
        box.close();
    }

    @Test
    void lettersAreCountedByReasonStatusModelAndTenant() {
        box.put("a", "rejected", BODY, Map.of("sluice-tenant", "team\u001b[2J", "sluice-http-status", "400"));
        box.put("b", "rejected", BODY, Map.of("sluice-tenant", "team\u001b[2J", "sluice-http-status", "400"));
        box.put("c", "too_large", null, Map.of());
        box.put("d", "invalid_request", "nonsense", Map.of());

        assertThat(run("list", "--letters=2")).isZero();
        assertThat(terminal.out())
                .containsPattern("2 +rejected +400 +m +team\\\\u001b\\[2J +\\S+ +\\S+")
                .contains("total: 4", "lies: " + box.topics.requests() + "-0@0", "1 cannot be replayed: the body is no")
                .contains(box.topics.dead() + "-")
                .doesNotContain("\u001b");
        assertThat(run("list", "--reason=rejected", "--json")).isZero();
        assertThat(terminal.out()).startsWith("{\"letters\":2,").contains("\"http_status\":\"400\"");
        assertThat(run("list", "--model=other", "--since=1h")).isZero();
        assertThat(terminal.out()).contains("no dead letter matches");
    }

    @Test
    void aReplayedLetterIsSentOnceAndNoLongerCounted() {
        box.put(
                "a",
                "rejected",
                BODY,
                Map.of(
                        "sluice-attempts", "1",
                        "sluice-suspicion", "failed=9000 limited=9000 alone=9 costly=9",
                        "sluice-error-message", "no",
                        "sluice-error-param", "model",
                        "x-own", "kept"));
        box.put("b", "expired", BODY, Map.of());

        assertThat(run("replay", "--reason=rejected", "--dry-run")).isZero();
        assertThat(terminal.out()).contains("1 to be sent to " + box.topics.requests(), "nothing was sent: --dry-run");
        assertThat(box.requests()).isEmpty();
        assertThat(run("replay", "--reason=rejected", "--yes")).isZero();
        assertThat(terminal.out()).contains("1 sent and marked as replayed");
        assertThat(run("replay", "--reason=rejected", "--yes")).isZero();
        assertThat(terminal.out()).contains("1 stay: they were replayed");

        ConsumerRecord<byte[], byte[]> request = box.requests().get(0);
        assertThat(box.requestIds()).isEqualTo(Map.of("a", 1));
        assertThat(request.key()).isEqualTo("a".getBytes(UTF_8));
        assertThat(request.value()).isEqualTo(BODY.getBytes(UTF_8));
        assertThat(request.headers())
                .extracting(header -> header.key())
                .containsOnly("sluice-id", "sluice-replays", "x-own");
        run("list");
        assertThat(terminal.out()).contains("total: 1", "1 more were replayed").doesNotContain("rejected");
        run("list", "--replayed");
        assertThat(terminal.out()).contains("total: 2", "rejected");
    }

    @Test
    void theLimitTakesTheOldestLettersAndTheNextReplayTheRest() throws Exception {
        for (int i = 0; i < 12; i++) {
            box.put("id-" + i, "rejected", BODY, Map.of());
            box.flush();
        }

        run("replay", "--limit=5", "--yes", "--set=model=new");
        assertThat(terminal.out()).contains("5 to be sent", "in each body: model = \"new\"", "7 stay: beyond --limit");
        assertThat(box.requests())
                .hasSize(5)
                .allMatch(request -> new String(request.value(), UTF_8).equals("{\"model\":\"new\",\"messages\":[]}"));
        run("replay", "--yes");
        assertThat(terminal.out()).contains("7 sent");
        assertThat(box.requestIds()).hasSize(12).containsValue(1).doesNotContainValue(2);
    }

    @Test
    void lettersThatCannotBeReplayedStayAndAreCounted() {
        box.put("bare", "too_large", null, Map.of());
        box.put("broken", "invalid_request", "{\"model\":", Map.of());
        box.put("often", "rejected", BODY, Map.of("sluice-replays", "3"));

        assertThat(run("replay", "--yes")).isZero();
        assertThat(terminal.out())
                .contains("none of the 3 letters that match can be replayed")
                .contains(
                        "lies: " + box.topics.requests() + "-0@0", "no JSON object", "3 times or more and dead again");
        assertThat(run("replay", "--yes", "--max-replays=4")).isZero();
        assertThat(box.requestIds()).isEqualTo(Map.of("often", 1));
    }

    @Test
    void aLetterTooLargeForTheRequestsStaysAndTheRestOfItsBatchIsSent() {
        String large = "{\"messages\":[],\"model\":\"" + "m".repeat(1_060_000) + "\"}";
        for (int i = 0; i < 10; i++) {
            box.put("id-" + i, "rejected", i == 4 ? large : BODY, Map.of());
        }

        assertThat(run("replay", "--yes")).isZero();

        assertThat(terminal.out())
                .contains("9 sent and marked", "1 stay: " + box.topics.requests() + " takes no record");
        assertThat(box.requestIds()).hasSize(9).doesNotContainKey("id-4").doesNotContainValue(2);
    }

    @Test
    void aSecondReplayFencesTheFirst() {
        box.put("a", "rejected", BODY, Map.of());
        try (Producer<byte[], byte[]> first = KafkaClients.transactionalProducer(
                Map.of("bootstrap.servers", kafka.bootstrapServers()),
                DeadLetterReplay.transactionalId(box.topics),
                1 << 20)) {
            first.initTransactions();
            first.beginTransaction();
            var unused = first.send(new ProducerRecord<>(box.topics.requests(), new byte[] {1}));
            first.flush();

            assertThat(run("replay", "--yes")).isZero();

            assertThatThrownBy(first::commitTransaction).isInstanceOf(KafkaException.class);
        }
        assertThat(box.requestIds()).isEqualTo(Map.of("a", 1));
    }

    @Test
    void aLetterIsShownWithItsHistory() {
        box.put("a", "rejected", BODY, Map.of("sluice-last-error", "400 bad\u001b[31m", "sluice-attempts", "1"));
        run("replay", "--yes");
        box.put("a", "expired", BODY, Map.of("sluice-replays", "1"));

        assertThat(run("show", "a")).isZero();
        assertThat(terminal.out())
                .contains("400 bad\\u001b[31m", BODY, "body, 28 bytes")
                .containsPattern("replayed +yes, by " + System.getProperty("user.name") + " at 2\\d{3}-.* ago")
                .containsPattern("(?s)replayed +yes.*replays before +1.*replayed +no")
                .doesNotContain("\u001b");
        assertThat(run("show", "b")).isEqualTo(1);
        assertThat(terminal.err()).contains("no dead letter has the id 'b'");
    }

    @Test
    void theProvidersWordsAreShownSafely() {
        box.put(
                "a",
                "rejected",
                BODY,
                Map.of(
                        "sluice-error-message", "max_tokens\u001b[2J is " + "x".repeat(2_000),
                        "sluice-error-type", "invalid_request_error",
                        "sluice-error-code", "too_long",
                        "sluice-error-param", "max_tokens"));

        assertThat(run("list", "--letters=1")).isZero();
        assertThat(terminal.out()).containsPattern("POSITION +MESSAGE").contains("max_tokens\\u001b[2J is xxx");
        assertThat(terminal.out().lines()).allMatch(line -> line.length() < 500 && line.indexOf(0x1b) < 0);
        assertThat(run("list", "--letters=1", "--json")).isZero();
        assertThat(terminal.out())
                .contains("\"message\":\"max_tokens\\u001B[2J is xxx", "\"error_param\":\"max_tokens\"")
                .hasSizeLessThan(2_500);
        assertThat(run("show", "a")).isZero();
        assertThat(terminal.out())
                .containsPattern("message +max_tokens\\\\u001b\\[2J is xxx")
                .containsPattern("error code +too_long")
                .containsPattern("error param +max_tokens")
                .doesNotContain("\u001b");
        assertThat(run("show", "a", "--json")).isZero();
        assertThat(terminal.out()).contains("\"message\":\"max_tokens\\u001B[2J is xxx", "\"error_code\":\"too_long\"");
    }

    @Test
    void wrongOptionsAndMissingTopicsAreReportedWithARemedy() {
        assertThat(run("replay")).isEqualTo(2);
        assertThat(terminal.err()).contains("no terminal to ask on; add --yes to send, or --dry-run");
        assertThat(run("list", "--reason=rejcted", "--since=soon")).isEqualTo(2);
        assertThat(terminal.err()).contains("'rejcted' is none of invalid_request,", "'soon' is no moment; write 2026");
        terminal = new TestTerminal();
        String[] elsewhere = {"dlq", "list", "--topic=nowhere", "--bootstrap-servers=" + kafka.bootstrapServers()};
        assertThat(terminal.run(elsewhere)).isEqualTo(2);
        assertThat(terminal.err())
                .contains("has no nowhere.requests; create it with 'sluice topics create --topic nowhere'");
    }

    private int run(String... args) {
        box.flush();
        terminal = new TestTerminal();
        List<String> words = new ArrayList<>(List.of("dlq"));
        words.addAll(List.of(args));
        words.add("--topic=" + box.topics.base());
        words.add("--bootstrap-servers=" + kafka.bootstrapServers());
        return terminal.run(words.toArray(String[]::new));
    }
}
