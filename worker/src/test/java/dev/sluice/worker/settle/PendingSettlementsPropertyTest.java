package dev.sluice.worker.settle;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Reason;
import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.LogLines;
import dev.sluice.worker.Requests;
import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.intake.Ownership;
import dev.sluice.worker.intake.ReplyTopics;
import dev.sluice.worker.outcome.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.Test;

/** Checks with random operations that each answer is counted once and released once. */
class PendingSettlementsPropertyTest {
    private static final Topics TOPICS = new Topics("chat");

    /** A reply topic that is refused, one that is never found, and one that is known at once. */
    private static final List<String> REPLY_TOPICS = List.of("not.allowed", "app.unknown", TOPICS.replies());

    private static final List<Exception> REJECTIONS = List.of(
            new RecordTooLargeException("too large"),
            new InvalidTopicException("no topic"),
            new TopicAuthorizationException(Set.of(TOPICS.replies())),
            new TopicAuthorizationException(Set.of("app.others")));

    @Test
    void theCountComesBackToZeroWhateverHappens() {
        try (LogLines quiet = new LogLines(PendingSettlements.class)) {
            for (int seed = 0; seed < 500; seed++) {
                new Run(seed).operate(120);
            }
            assertThat(quiet.all()).as("some were blocked").isNotEmpty();
        }
    }

    private static final class Run {
        private final Random random;
        private final String name;
        private final List<Assignment> assignments = new ArrayList<>(List.of(assigned(0), assigned(1), assigned(2)));
        private final List<Settlement> onTheirWay = new ArrayList<>();
        private final List<Settlement> inTransaction = new ArrayList<>();
        /** The bytes of each answer that is not done, by its offset. */
        private final Map<Long, Long> model = new HashMap<>();

        private final Map<Long, Assignment> owners = new HashMap<>();
        private long nanos;
        private long offset;
        private final PendingSettlements pending = new PendingSettlements(
                new ReplyRoutes(
                        new ReplyTopics(TOPICS, List.of(Pattern.compile("app\\..*"))),
                        topic -> new CompletableFuture<>()),
                new OutputRecords(TOPICS, () -> 0),
                () -> false,
                new Settle.WaitingReplies(20, 1 << 20),
                () -> nanos);

        Run(long seed) {
            this.random = new Random(seed);
            this.name = "seed " + seed;
        }

        void operate(int operations) {
            for (int i = 0; i < operations; i++) {
                operate();
                assertThat(pending.answerBytes())
                        .as(name)
                        .isEqualTo(model.values().stream()
                                .mapToLong(Long::longValue)
                                .sum());
            }
            addAll();
            pending.committed(inTransaction, 0);
            pending.dropStale(owning(List.of()));
            assertThat(pending.answerBytes()).as(name + ", at the end").isZero();
        }

        private void operate() {
            nanos += random.nextLong(Duration.ofSeconds(4).toNanos());
            switch (random.nextInt(8)) {
                case 0, 1, 2 -> accept();
                case 3 -> addAll();
                case 4 -> rebalance();
                case 5 -> take();
                case 6 -> commit();
                default -> abort();
            }
        }

        private void accept() {
            Assignment assignment = assignments.get(random.nextInt(assignments.size()));
            InputRecord input = Requests.ofModel("m")
                    .under(assignment)
                    .at(offset++)
                    .withHeader(WireHeaders.REPLY_TOPIC, REPLY_TOPICS.get(random.nextInt(REPLY_TOPICS.size())))
                    .input();
            Settlement settlement = new Settlement(input, outcome(), Settlement.Form.AS_ASKED, 0);
            pending.count(settlement);
            onTheirWay.add(settlement);
            owners.put(input.offset(), assignment);
            model.put(input.offset(), bytes(settlement));
        }

        private Outcome outcome() {
            return switch (random.nextInt(4)) {
                case 0 -> new Outcome.Requeue(Optional.empty(), 0, 1, 0, "500");
                case 1 -> new Outcome.DeadLetter(Reason.EXPIRED, OptionalInt.empty(), "too late", 0, "", 0);
                default -> new Outcome.Reply(200, new byte[random.nextInt(1_000)], 1);
            };
        }

        private void addAll() {
            onTheirWay.forEach(pending::add);
            onTheirWay.clear();
        }

        private void rebalance() {
            // settlements on their way or in a transaction are not here, so they cannot be dropped
            Set<Long> elsewhere = new HashSet<>();
            onTheirWay.forEach(settlement -> elsewhere.add(settlement.input().offset()));
            inTransaction.forEach(settlement -> elsewhere.add(settlement.input().offset()));
            int moved = random.nextInt(assignments.size());
            assignments.set(moved, assigned(moved));
            pending.dropStale(owning(assignments));
            model.keySet().removeIf(at -> !elsewhere.contains(at) && !assignments.contains(owners.get(at)));
        }

        private void take() {
            if (inTransaction.isEmpty()) {
                pending.take().stream()
                        .map(PendingSettlements.Routed::settlement)
                        .forEach(inTransaction::add);
                inTransaction.forEach(this::hasForm);
            }
        }

        private void commit() {
            pending.committed(inTransaction, 0);
            inTransaction.forEach(settlement -> model.remove(settlement.input().offset()));
            inTransaction.clear();
        }

        private void abort() {
            Map<Integer, Exception> rejections = new HashMap<>();
            Map<TopicPartition, Set<Integer>> unavailable = new HashMap<>();
            for (int i = 0; i < inTransaction.size(); i++) {
                if (random.nextInt(4) == 0) {
                    TopicPartition away = new TopicPartition("app.away", random.nextInt(2));
                    unavailable.computeIfAbsent(away, first -> new HashSet<>()).add(i);
                } else if (random.nextInt(3) == 0) {
                    Exception rejection = REJECTIONS.get(random.nextInt(REJECTIONS.size()));
                    rejections.put(i, rejection);
                    hasForm(inTransaction.get(i).afterRejection(rejection, TOPICS.all()));
                }
            }
            FailedPartitions failed = new FailedPartitions(unavailable, Map.of(), Set.of());
            pending.putBack(
                    List.copyOf(inTransaction), new TransactionResult(false, rejections, failed, Optional.empty()));
            inTransaction.clear();
        }

        private void hasForm(Settlement settlement) {
            model.put(settlement.input().offset(), bytes(settlement));
        }

        private static long bytes(Settlement settlement) {
            return settlement.outcome() instanceof Outcome.Reply reply ? reply.body().length : 0;
        }

        @SuppressWarnings("removal")
        private static Ownership owning(List<Assignment> assignments) {
            return new Ownership(
                    assignments.stream().collect(Collectors.toMap(Assignment::partition, Function.identity())),
                    new ConsumerGroupMetadata("group"));
        }

        private static Assignment assigned(int partition) {
            return new Assignment(new TopicPartition(TOPICS.requests(), partition));
        }
    }
}
