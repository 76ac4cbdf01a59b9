package dev.sluice.gateway.batches;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.gateway.files.BatchCounts;
import dev.sluice.gateway.files.BatchOrder;
import dev.sluice.gateway.files.BatchStatus;
import dev.sluice.gateway.files.BatchStore;
import dev.sluice.gateway.files.BatchUsage;
import dev.sluice.gateway.files.FileDraft;
import dev.sluice.gateway.files.FileStore;
import dev.sluice.gateway.files.FilesConfig;
import dev.sluice.gateway.files.StoredBatch;
import dev.sluice.gateway.files.TestForm;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A directory of batches whose doors, clock and queue a test plays. */
final class TestBatches {
    static final String OWNER = "0a";

    final PlayedTopic topic = new PlayedTopic();
    final SetClock clock = new SetClock();
    final FileStore files;
    final BatchStore store;
    private final FilesConfig config;

    TestBatches(Path root) throws IOException {
        config = new FilesConfig(root, 1 << 30, 1L << 40);
        files = new FileStore(config, clock, new SecureRandom());
        store = new BatchStore(config, clock, new SecureRandom());
    }

    /** A clock that a test sets, and beside it one that goes on steadily. */
    static final class SetClock extends Clock {
        Instant now = Instant.parse("2026-11-30T12:00:00Z");
        long nanos;

        void pass(Duration time) {
            now = now.plus(time);
            nanos += time.toNanos();
        }

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    /** Runs each task at once. */
    private static final class DirectExecutor extends AbstractExecutorService {
        @Override
        public void execute(Runnable task) {
            task.run();
        }

        @Override
        public void shutdown() {}

        @Override
        public List<Runnable> shutdownNow() {
            return List.of();
        }

        @Override
        public boolean isShutdown() {
            return false;
        }

        @Override
        public boolean isTerminated() {
            return false;
        }

        @Override
        public boolean awaitTermination(long timeout, TimeUnit unit) {
            return true;
        }
    }

    /** A door that a test moves on. */
    final class Door {
        final PlayedTopic.Connection connection = topic.open();
        private final BatchElection election;

        Door(BatchLimits limits) throws IOException {
            BatchStore own = new BatchStore(config, clock, new SecureRandom());
            election = new BatchElection(connection, own, limits, new DirectExecutor(), () -> clock.nanos);
        }

        void step() throws IOException {
            election.step();
        }

        /** Moves on through some seconds. */
        void steps(int count) throws IOException {
            for (int i = 0; i < count; i++) {
                clock.pass(Duration.ofSeconds(2));
                election.step();
            }
        }
    }

    static BatchLimits limits(int window) {
        return new BatchLimits(1_000, 1_000_000, window, Duration.ofMinutes(10), Duration.ofMinutes(1));
    }

    /** Opens a door that is elected. */
    Door chosen() throws IOException {
        Door door = new Door(limits(1_000));
        door.connection.choose();
        return door;
    }

    static String line(String customId) {
        return "{\"custom_id\":\"" + customId + "\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":"
                + body(customId) + "}\n";
    }

    static String body(String text) {
        return "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}";
    }

    static String lines(int count) {
        return IntStream.rangeClosed(1, count)
                .mapToObj(number -> line("c" + number))
                .collect(Collectors.joining());
    }

    String upload(byte[] content) throws IOException {
        return upload(OWNER, content);
    }

    private String upload(String owner, byte[] content) throws IOException {
        try (FileDraft draft = files.begin(owner, TestForm.CONTENT_TYPE)) {
            draft.write(TestForm.batch(content).end());
            return draft.publish().id();
        }
    }

    /** Creates a batch of these lines and returns its id. */
    String create(String lines) throws IOException {
        return createFor(OWNER, lines);
    }

    /** Creates a batch of these lines for somebody and returns its id. */
    String createFor(String owner, String lines) throws IOException {
        return create(owner, upload(owner, lines.getBytes(UTF_8)), 86_400);
    }

    String create(String inputFileId, long seconds) throws IOException {
        return create(OWNER, inputFileId, seconds);
    }

    private String create(String owner, String inputFileId, long seconds) throws IOException {
        BatchOrder order =
                new BatchOrder(inputFileId, seconds + "s", seconds, 86_400, Optional.of("tenant-a"), Map.of());
        return store.create(owner, order).batch().id();
    }

    static BatchCounts counts(int total, int completed, int failed) {
        return new BatchCounts(total, completed, failed, BatchUsage.NONE);
    }

    StoredBatch batch(String id) throws IOException {
        return store.find(OWNER, id).orElseThrow().batch();
    }

    BatchStatus status(String id) throws IOException {
        return batch(id).status();
    }

    /** Returns the lines of a file of results by their custom ids. Each may be there once. */
    Map<String, JsonNode> results(Optional<String> fileId) throws IOException {
        return content(fileId)
                .lines()
                .map(JsonMapper.shared()::readTree)
                .collect(Collectors.toMap(each -> each.get("custom_id").asString(), each -> each));
    }

    /** Returns the text of a file of results, which is empty if there is none. */
    String content(Optional<String> fileId) throws IOException {
        if (fileId.isEmpty()) {
            return "";
        }
        try (var content = files.content(OWNER, fileId.get()).orElseThrow()) {
            return new String(content.next(1 << 30), UTF_8);
        }
    }
}
