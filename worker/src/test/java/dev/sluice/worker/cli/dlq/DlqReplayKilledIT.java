package dev.sluice.worker.cli.dlq;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.worker.PackagedJar;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a replay several times, in a heap of 128 MB. The properties {@code -Dsluice.test.dlq.letters=1000000
 * -Dsluice.test.dlq.replayed=10000 -Dsluice.test.dlq.kills=3} make the test larger.
 */
class DlqReplayKilledIT {
    private static final int LETTERS = Integer.getInteger("sluice.test.dlq.letters", 3_000);
    private static final int REPLAYED = Integer.getInteger("sluice.test.dlq.replayed", 1_200);
    private static final int KILLS = Integer.getInteger("sluice.test.dlq.kills", 2);
    private static final List<String> OTHER_REASONS = List.of("rejected", "expired", "invalid_request");

    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private final Random random = new Random();
    private DeadLetterBox box;

    @TempDir
    private Path folder;

    @BeforeEach
    void open() throws Exception {
        box = new DeadLetterBox(kafka.bootstrapServers(), kafka.uniqueName("killed"));
    }

    @AfterEach
    void close() {
        box.close();
    }

    @Test
    void everyLetterIsSentOnceHoweverOftenTheReplayIsKilled() throws Exception {
        Map<String, Integer> expected = new TreeMap<>();
        for (int i = 0; i < LETTERS; i++) {
            boolean wanted = i < REPLAYED;
            box.put("id-" + i, wanted ? "attempts_exhausted" : OTHER_REASONS.get(i % OTHER_REASONS.size()));
            if (wanted) {
                expected.put("id-" + i, 1);
            }
        }
        box.flush();

        for (int kill = 0; kill < KILLS; kill++) {
            killInTheMiddle();
        }
        int left = REPLAYED - box.requestIds().size();
        Process last = replay("1000000");

        assertThat(last.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(last.exitValue()).as(output()).isZero();
        assertThat(output()).contains(left + " sent and marked as replayed");
        assertThat(box.requestIds()).isEqualTo(expected);
        assertListCountsAllLetters();
    }

    private void killInTheMiddle() throws Exception {
        int before = box.requestIds().size();
        // at this rate all letters take 4 s, which is longer than the time until the kill
        Process process = replay(Integer.toString(Math.max(1, REPLAYED / 4)));
        try {
            await().atMost(Duration.ofSeconds(30)).until(() -> box.requestIds().size() > before);
            boolean ended = process.waitFor(random.nextInt(600), TimeUnit.MILLISECONDS);
            assertThat(ended && process.exitValue() != 0).as(output()).isFalse();
        } finally {
            process.destroyForcibly().waitFor();
        }
        System.out.println("killed after " + box.requestIds().size() + " of " + REPLAYED);
    }

    private void assertListCountsAllLetters() throws Exception {
        long began = System.nanoTime();
        Process list = start("list", "--json");

        assertThat(list.waitFor()).isZero();
        System.out.println(LETTERS + " letters listed in " + Duration.ofNanos(System.nanoTime() - began));
        assertThat(output()).contains("\"letters\":" + (LETTERS - REPLAYED)).contains("\"replayed\":" + REPLAYED);
    }

    private Process replay(String rate) throws Exception {
        return start("replay", "--reason", "attempts_exhausted", "--yes", "--rate", rate);
    }

    private Process start(String... args) throws Exception {
        List<String> words = new ArrayList<>(List.of("dlq"));
        words.addAll(List.of(args));
        words.addAll(List.of("--topic", box.topics.base(), "--bootstrap-servers", kafka.bootstrapServers()));
        return PackagedJar.process(List.of("-Xmx128m"), words)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("output").toFile())
                .start();
    }

    private String output() throws Exception {
        return Files.readString(folder.resolve("output"), UTF_8);
    }
}
