package dev.sluice.gateway.batches;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.files.BatchStatus;
import dev.sluice.gateway.files.SmallVolume;
import dev.sluice.gateway.files.StoredBatch;
import dev.sluice.wire.Reason;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * Kills doors, stops them and lets them go on, and gives the batches to others, at random moments. Each line has one
 * result in the end, and was published once.
 */
class BatchTakeOverPropertyTest {
    private static final int ROUNDS = 5;
    private static final int LINES = 60;
    private static final int BATCHES = 3;
    /** The lines that Kafka does not take: the first, neighbours, one in the middle and the last. */
    private static final Set<Integer> TOO_LARGE = Set.of(1, 17, 18, 40, LINES);

    private static final String FULL_DISK = "No space left on device";

    private static final int DOORS = 3;
    private static final int MAX_MOVES = 5_000;

    @TempDir
    private Path root;

    @Timeout(120)
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void eachLineHasOneResultWhoeverRunsTheBatches(long seed) throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            run(new Random(seed * 1_000 + round), root.resolve("round-" + round), Optional.empty());
        }
    }

    /** Each step of a door is met by a full disk now and then, and the door begins anew. */
    @Test
    @Timeout(120)
    void eachLineHasOneResultThoughTheDiskIsFullAtTimes() throws Exception {
        int met = 0;
        for (int round = 0; round < ROUNDS; round++) {
            try (SmallVolume volume = SmallVolume.mount(root, 8 << 20)) {
                met += run(new Random(round), volume.root().resolve("files"), Optional.of(volume));
            }
        }
        assertThat(met).isGreaterThan(ROUNDS);
    }

    /** Returns how many steps have met a full disk. */
    private static int run(Random random, Path folder, Optional<SmallVolume> volume) throws IOException {
        TestBatches batches = new TestBatches(folder);
        batches.topic.tooLarge.addAll(TOO_LARGE);
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < BATCHES; i++) {
            ids.add(batches.create(TestBatches.lines(LINES)));
        }
        List<TestBatches.Door> doors = new ArrayList<>();
        Map<String, Integer> statesSeen = new HashMap<>();
        int answered = 0;
        int fullDisks = 0;
        for (int moves = 0; !haveEnded(batches, ids); moves++) {
            assertThat(moves).isLessThan(MAX_MOVES);
            int action = random.nextInt(100);
            if (doors.isEmpty() || (action == 0 && doors.size() < DOORS)) {
                TestBatches.Door door = batches.new Door(TestBatches.limits(10 + random.nextInt(30)));
                door.connection.most = 1 + random.nextInt(20);
                door.connection.diesAtSend = () -> random.nextInt(5) == 0;
                doors.add(door);
                door.connection.choose();
            } else if (action == 1) {
                doors.get(random.nextInt(doors.size())).connection.choose();
            } else if (action == 2) {
                doors.remove(random.nextInt(doors.size())); // as kill -9: nothing is closed
            } else if (action == 3 && volume.isPresent()) {
                volume.get().fill(random.nextInt(12));
            } else if (action < 6 && volume.isPresent()) {
                volume.get().free();
            } else if (action < 30 && answered < batches.topic.published.size()) {
                int count = 1 + random.nextInt(batches.topic.published.size() - answered);
                for (int i = 0; i < count; i++) {
                    answer(batches, batches.topic.published.get(answered++), random);
                }
            } else {
                batches.clock.pass(Duration.ofMillis(random.nextInt(1_500)));
                fullDisks += step(doors, random) ? 1 : 0;
            }
            forwardOnly(batches, ids, statesSeen);
        }

        assertThat(batches.topic.published)
                .hasSize(BATCHES * (LINES - TOO_LARGE.size()))
                .doesNotHaveDuplicates();
        for (String id : ids) {
            check(batches, batches.batch(id));
        }
        return fullDisks;
    }

    /**
     * Moves any door on, be it the one that runs the batches or one that was stopped when it did.
     *
     * @return true if it has met a full disk
     */
    private static boolean step(List<TestBatches.Door> doors, Random random) throws IOException {
        TestBatches.Door door = doors.get(random.nextInt(doors.size()));
        try {
            door.step();
        } catch (PlayedTopic.FencedException | PlayedTopic.KilledException e) {
            doors.remove(door); // it would begin anew
        } catch (IOException e) {
            assertThat(e.getMessage()).containsAnyOf("is run by another gateway", FULL_DISK);
            doors.remove(door);
            return e.getMessage().contains(FULL_DISK);
        }
        return false;
    }

    private static void answer(TestBatches batches, String id, Random random) {
        switch (random.nextInt(10)) {
            case 0 -> batches.topic.failed(id, 400, Reason.REJECTED);
            case 1 -> batches.topic.failed(id, 0, Reason.ATTEMPTS_EXHAUSTED);
            case 2 -> {
                batches.topic.ok(id);
                batches.topic.ok(id); // as after a call that a worker has repeated
            }
            default -> batches.topic.ok(id);
        }
    }

    private static boolean haveEnded(TestBatches batches, List<String> ids) throws IOException {
        for (String id : ids) {
            if (!batches.status(id).isEnd()) {
                return false;
            }
        }
        return true;
    }

    private static void forwardOnly(TestBatches batches, List<String> ids, Map<String, Integer> seen)
            throws IOException {
        for (String id : ids) {
            int number = batches.store.find(TestBatches.OWNER, id).orElseThrow().number();
            assertThat(number).isGreaterThanOrEqualTo(seen.getOrDefault(id, 0));
            seen.put(id, number);
        }
    }

    private static void check(TestBatches batches, StoredBatch batch) throws IOException {
        assertThat(batch.status()).isEqualTo(BatchStatus.COMPLETED);
        Map<String, JsonNode> output = batches.results(batch.outputFileId());
        Map<String, JsonNode> errors = batches.results(batch.errorFileId());
        Set<String> all = new HashSet<>(output.keySet());
        all.addAll(errors.keySet());
        assertThat(all).hasSize(LINES);
        assertThat(output.size() + errors.size()).isEqualTo(LINES);
        assertThat(batch.counts().completed()).isEqualTo(output.size());
        assertThat(batch.counts().failed()).isEqualTo(errors.size());
    }
}
