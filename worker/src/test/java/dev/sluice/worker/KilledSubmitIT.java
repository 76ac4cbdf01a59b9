package dev.sluice.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.ReceivedCall;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.sandbox.junit.KafkaExtension;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills {@code submit} of the packaged jar and resumes it. The property {@code -Dsluice.submit.lines=100000} makes the
 * batch large. The property {@code -Dsluice.submit.seed=N} repeats the kills at the same progress.
 */
class KilledSubmitIT {
    private static final int LINES = Integer.getInteger("sluice.submit.lines", 800);
    private static final long SEED = Long.getLong("sluice.submit.seed", System.nanoTime());
    private static final Pattern CUSTOM_ID = Pattern.compile("\"custom_id\":\"line-(\\d+)\"");
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private final Random random = new Random(SEED);
    private TestQueue queue;
    private TogetherStandIn api;
    private Worker worker;

    @TempDir
    private Path folder;

    @BeforeEach
    void open() throws Exception {
        queue = new TestQueue(kafka.bootstrapServers(), kafka.uniqueName("submit"));
        LatencyModel latency = LINES > 10_000
                ? LatencyModel.NONE
                : new LatencyModel.Uniform(Duration.ofMillis(50), Duration.ofMillis(150));
        api = TogetherStandIn.start(
                StandInSettings.DEFAULT.withApiKeys(TestQueue.KEY).withLatency(latency));
        worker = Worker.start(queue.config(api.baseUrl()));
    }

    @AfterEach
    void close() {
        worker.close();
        api.close();
        queue.close();
    }

    @Test
    void everyLineHasOneAnswerHoweverOftenItIsKilled() throws Exception {
        Path batch = batch(LINES);
        killAt(random.nextInt(LINES / 4), batch, "--window=40");
        killAt(LINES / 4 + random.nextInt(LINES / 4), batch, "--resume", "--window=40");
        killAt(LINES / 2 + random.nextInt(LINES / 4), batch, "--resume", "--window=40");

        assertThat(finish(batch, "--resume")).isEqualTo(1);

        List<Integer> answered = lines(answers());
        List<Integer> failed = lines(errors());
        assertThat(failed).isNotEmpty().allMatch(KilledSubmitIT::fails);
        assertThat(answered).noneMatch(KilledSubmitIT::fails);
        assertAllOnce(Stream.concat(answered.stream(), failed.stream()).toList());
        assertNoCallTwice();
        assertThat(resumePoint()).doesNotExist();
    }

    @Test
    void anOrderedBatchStaysInOrder() throws Exception {
        int count = 400;
        Path batch = batch(count);
        killAt(count / 4 + random.nextInt(count / 4), batch, "--ordered", "--window=50");

        finish(batch, "--ordered", "--resume", "--window=50");

        assertThat(lines(answers())).isSorted();
        assertThat(lines(errors())).isSorted();
        assertThat(lines(answers()).size() + lines(errors()).size()).isEqualTo(count);
        assertNoCallTwice();
    }

    @Test
    void requestsStillInTheQueueAreAwaitedAndNotPublishedAgain() throws Exception {
        worker.close();
        int count = 300;
        Path batch = batch(count);
        Process first = start(batch);
        await().atMost(PATIENCE).until(() -> queue.read(queue.topics.requests()).size() == count);
        first.destroyForcibly().waitFor();

        Process second = start(batch, "--resume");
        await().atMost(PATIENCE)
                .until(() -> log().contains("0 more replies found and 300 requests still in the queue"));
        worker = Worker.start(queue.config(api.baseUrl()));

        assertThat(second.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(lines(answers()).size() + lines(errors()).size()).isEqualTo(count);
        assertThat(queue.read(queue.topics.requests())).hasSize(count);
        assertNoCallTwice();
    }

    @Test
    void aStopPrintsHowToContinue() throws Exception {
        int count = 300;
        Path batch = batch(count);
        // few at a time, so that some are left when the signal arrives
        Process process = start(batch, "--window=20");
        awaitAnswers(count / 4);
        process.destroy();

        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(log()).contains("stopped; ", "--resume continues");
        assertThat(finish(batch, "--resume")).isEqualTo(1);
        assertThat(lines(answers()).size() + lines(errors()).size()).isEqualTo(count);
        assertNoCallTwice();
    }

    private void killAt(int answers, Path batch, String... options) throws Exception {
        Process process = start(batch, options);
        awaitAnswers(answers);
        assertThat(process.isAlive())
                .as("seed %d: alive at %d answers", SEED, answers)
                .isTrue();
        process.destroyForcibly().waitFor();
        assertThat(resumePoint()).exists();
    }

    private void awaitAnswers(int atLeast) {
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> Files.exists(resumePoint()) && lineEnds(answers()) + lineEnds(errors()) >= atLeast);
    }

    private int finish(Path batch, String... options) throws Exception {
        Process process = start(batch, options);
        assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        System.out.println("seed " + SEED + ", " + api.calls() + " calls in all; " + log().replace('\n', ' '));
        return process.exitValue();
    }

    private Process start(Path batch, String... options) throws IOException {
        List<String> words = new ArrayList<>(List.of(
                "submit",
                batch.toString(),
                "--output=" + answers(),
                "--errors=" + errors(),
                "--bootstrap-servers=" + kafka.bootstrapServers(),
                "--topic=" + queue.topics.base()));
        words.addAll(List.of(options));
        return PackagedJar.process(List.of("-Xmx256m"), words)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
    }

    private String log() throws IOException {
        return Files.readString(folder.resolve("log"));
    }

    private Path batch(int count) throws IOException {
        Path file = folder.resolve("batch.jsonl");
        try (BufferedWriter writer = Files.newBufferedWriter(file, UTF_8)) {
            for (int line = 1; line <= count; line++) {
                String text = "question " + line + (fails(line) ? " [stand-in: status=400]" : "");
                writer.write("{\"custom_id\":\"line-" + line + "\",\"body\":" + TestQueue.body("m", text) + "}\n");
            }
        }
        return file;
    }

    private static boolean fails(int line) {
        return line % 97 == 0;
    }

    private Path answers() {
        return folder.resolve("answers.jsonl");
    }

    private Path errors() {
        return folder.resolve("errors.jsonl");
    }

    private Path resumePoint() {
        return folder.resolve("answers.jsonl.resume");
    }

    private static long lineEnds(Path file) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.count();
        } catch (IOException | UncheckedIOException notThereYet) {
            return 0;
        }
    }

    private static List<Integer> lines(Path file) throws IOException {
        List<Integer> numbers = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            Matcher customId = CUSTOM_ID.matcher(line);
            assertThat(customId.find()).as(line).isTrue();
            numbers.add(Integer.valueOf(customId.group(1)));
        }
        return numbers;
    }

    private static void assertAllOnce(List<Integer> numbers) {
        Set<Integer> different = new HashSet<>(numbers);
        assertThat(numbers).hasSize(LINES);
        assertThat(different).hasSize(LINES);
    }

    private void assertNoCallTwice() {
        // only a request that reached the broker after the resumed run had read the topic could be called twice
        assertThat(api.history().stream().map(ReceivedCall::bodyHash).distinct().count())
                .isEqualTo(api.calls());
    }
}
