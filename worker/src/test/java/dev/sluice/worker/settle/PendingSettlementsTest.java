package dev.sluice.worker.settle;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.Requests;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.intake.Ownership;
import dev.sluice.worker.intake.ReplyTopics;
import dev.sluice.worker.kafka.TopicLookUp;
import dev.sluice.worker.outcome.Outcome;
import dev.sluice.worker.outcome.Outcome.Reply;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownServerException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Tests what happens to replies while foreign reply partitions are unavailable. */
class PendingSettlementsTest {
    private static final Topics TOPICS = new Topics("chat");
    private static final int PARTITION_COUNT = 3;
    private static final int ANY = -1;
    private static final int MOST_WAITING = 20;

    private final Set<TopicPartition> away = new HashSet<>();
    private final Set<TopicPartition> unwritable = new HashSet<>();
    private final Set<String> rejected = new HashSet<>();
    private int aborts;
    private long now = 1;
    private final PendingSettlements pending = new PendingSettlements(
            new ReplyRoutes(
                    new ReplyTopics(TOPICS, List.of(Pattern.compile("app\\..*"))),
                    topic -> CompletableFuture.completedFuture(partitions(topic))),
            new OutputRecords(TOPICS, () -> 0),
            () -> false,
            new Settle.WaitingReplies(MOST_WAITING, 1 << 20),
            () -> now);
    private List<Settlement> taken = List.of();
    private List<ProducerRecord<byte[], byte[]>> sent = List.of();

    @Test
    void aPartitionIsProbedWithOneOfItsRepliesAfterAPauseThatGrows() {
        away.add(partition("app.away", 0));
        add("app.away", 0, 1, 2, 3);
        assertThat(transaction()).containsExactly("id-1", "id-2", "id-3");
        assertThat(transaction()).isEmpty();
        add("app.away", 0, 4);

        for (int seconds : List.of(10, 20, 40)) {
            assertThat(transaction()).isEmpty();
            now += Duration.ofSeconds(seconds).toNanos() - 1;
            assertThat(transaction()).isEmpty();
            now += 1;
            assertThat(transaction()).hasSize(1);
        }

        away.clear();
        now += Duration.ofSeconds(80).toNanos();
        assertThat(transaction()).hasSize(1);
        assertThat(transaction()).hasSize(3);
        assertThat(pending.delaysFlush()).isFalse();
    }

    @Test
    void anAnswerThatIsLargerThanATransactionGoesAlone() {
        add("app.good", 0, 1, 2);
        InputRecord large = Requests.ofModel("m")
                .at(3)
                .withHeader(WireHeaders.REPLY_TOPIC, "app.good")
                .input();
        pending.add(new Settlement(large, new Reply(200, new byte[2 << 20], 0), Settlement.Form.AS_ASKED, 0));
        add("app.good", 0, 4);

        assertThat(transaction()).containsExactly("id-1", "id-2", "id-4");
        assertThat(transaction()).containsExactly("id-3");
        assertThat(pending.delaysFlush()).isFalse();
    }

    @Test
    void nothingIsSentToAPartitionWithoutALeaderUntilItHasOne() {
        lose(partition("app.away", 0));
        add("app.away", 0, 1, 2);
        add("app.good", 0, 3);

        assertThat(transaction()).containsExactly("id-3");
        for (int seconds = 0; seconds < 100; seconds++) {
            now += Duration.ofSeconds(1).toNanos();
            assertThat(transaction()).isEmpty();
        }
        assertThat(pending.waitingReplies()).isEqualTo(2);
        assertThat(pending.delaysFlush()).isFalse();

        regain(partition("app.away", 0));
        now += Duration.ofSeconds(5).toNanos();
        assertThat(transaction()).hasSize(1);
        assertThat(transaction()).hasSize(1);
        assertThat(redirections()).isEmpty();
        assertThat(pending.unavailablePartitions()).isEmpty();
        assertThat(aborts).isZero();
    }

    @Test
    void aLeaderThatGoesWhileRepliesAreSentCostsOneTransaction() {
        add("app.away", 0, 1);
        add("app.away", 1, 2);
        add("app.good", 0, 3);
        transaction();
        lose(partition("app.away", 0));
        lose(partition("app.away", 1));
        add("app.away", 0, 4);
        add("app.away", 1, 5);
        add("app.good", 0, 6);

        assertThat(transaction()).hasSize(3);
        assertThat(aborts).isEqualTo(1);
        List<String> later = new ArrayList<>();
        for (int seconds = 0; seconds < 300; seconds++) {
            now += Duration.ofSeconds(1).toNanos();
            later.addAll(transaction());
        }

        assertThat(later).containsExactlyInAnyOrder("id-4", "id-5", "id-6");
        assertThat(aborts).isEqualTo(1);
    }

    @Test
    void repliesToAPartitionWithoutALeaderWaitForTwoMinutesAtMost() {
        lose(partition("app.away", 0));
        add("app.away", 0, LongStream.range(0, MOST_WAITING).toArray());
        assertThat(transaction()).isEmpty();
        now += Duration.ofSeconds(119).toNanos();
        assertThat(transaction()).isEmpty();

        now += Duration.ofSeconds(1).toNanos();
        assertThat(transaction()).hasSize(MOST_WAITING);
        assertThat(redirections()).hasSize(MOST_WAITING);
        add("app.away", 0, 100);
        assertThat(transaction()).as("goes there as well").containsExactly("id-100");
        assertThat(redirections()).hasSize(1);

        regain(partition("app.away", 0));
        now += Duration.ofSeconds(5).toNanos();
        assertThat(transaction()).isEmpty();
        assertThat(pending.unavailablePartitions())
                .as("although no reply shows it")
                .isEmpty();
        add("app.away", 0, 101);
        assertThat(transaction()).containsExactly("id-101");
        assertThat(redirections()).isEmpty();
        assertThat(aborts).isZero();
    }

    @Test
    void aReplyThatMayGoToAnyPartitionGoesToOneWithALeader() {
        lose(partition("app.half", 0));
        lose(partition("app.half", 1));
        add("app.half", ANY, 1, 2, 3);

        assertThat(transaction()).containsExactly("id-1", "id-2", "id-3");
        assertThat(sent).extracting(ProducerRecord::partition).containsOnly(2);
    }

    @Test
    void moreRepliesThanMayWaitGoToTheQueuesOwnTopicAndSayWhy() {
        away.add(partition("app.away", 0));
        add("app.away", 0, LongStream.range(0, MOST_WAITING).toArray());
        assertThat(transaction()).hasSize(MOST_WAITING);
        now += Duration.ofSeconds(3).toNanos();
        othersAreWritten();
        now += Duration.ofSeconds(7).toNanos();
        assertThat(transaction()).as("a probe").hasSize(1);
        add("app.away", 0, 100);
        assertThat(transaction()).as("a leader may be elected").isEmpty();
        now += Duration.ofSeconds(13).toNanos();

        add("app.away", 0, 101, 102);

        assertThat(transaction()).containsExactlyInAnyOrder("id-100", "id-101", "id-102");
        assertThat(redirections()).hasSize(3).containsOnly("reply partition app.away-0 has taken nothing for 23 s");
        assertThat(pending.waitingReplies()).isEqualTo(MOST_WAITING);
    }

    /** Nobody who waits for a reply looks at the queue's own topic, so an outage of Kafka sends nothing there. */
    @Test
    void noReplyGoesElsewhereWhileKafkaTakesNothingAtAll() {
        away.add(partition("app.away", 0));
        add("app.away", 0, 1, 2);
        assertThat(transaction()).hasSize(2);
        for (int minute = 0; minute < 60; minute++) {
            add("app.away", 0, 10 + minute);
            now += Duration.ofMinutes(1).toNanos();
            assertThat(transaction()).hasSizeLessThan(2);
            assertThat(redirections()).isEmpty();
        }

        away.clear();
        now += Duration.ofMinutes(2).toNanos();
        List<String> written = new ArrayList<>();
        for (int round = 0; round < 62; round++) {
            written.addAll(transaction());
            assertThat(sent).allSatisfy(record -> assertThat(record.topic()).isEqualTo("app.away"));
        }
        assertThat(written).hasSize(62).doesNotHaveDuplicates();
    }

    /** A commit of offsets alone shows as well that Kafka takes something, where all replies want the partition. */
    @Test
    void aCommitWithoutRepliesStartsTheTwoMinutes() {
        away.add(partition("app.away", 0));
        add("app.away", 0, 1, 2);
        transaction();
        pending.committed(List.of(), 0);
        now += Duration.ofMinutes(2).toNanos();
        assertThat(transaction()).as("the probe").hasSize(1);

        assertThat(transaction()).hasSize(2);
        assertThat(redirections()).hasSize(2);
    }

    /** Commits a transaction that has a reply to another topic. */
    private void othersAreWritten() {
        add("app.good", 0, 1_000);
        assertThat(transaction()).containsExactly("id-1000");
    }

    @Test
    void noReplyWaitsForMoreThanTwoMinutes() {
        away.add(partition("app.away", 0));
        add("app.away", 0, 1, 2, 3);
        transaction();
        othersAreWritten();
        for (int seconds : List.of(10, 20, 40)) {
            now += Duration.ofSeconds(seconds).toNanos();
            assertThat(transaction()).hasSize(1);
        }
        assertThat(pending.waitingReplies()).isEqualTo(3);

        now += Duration.ofSeconds(50).toNanos();
        assertThat(transaction()).hasSize(3);
        assertThat(redirections()).containsOnly("reply partition app.away-0 has taken nothing for 120 s");
        assertThat(pending.unavailablePartitions())
                .containsExactly("reply partition app.away-0 has taken nothing for 120 s,"
                        + " and its replies go to chat.replies");

        add("app.away", 0, 4);
        assertThat(transaction()).as("goes there as well").containsExactly("id-4");
        assertThat(redirections()).hasSize(1);
    }

    @Test
    void afterTwoMinutesTheNextReplyIsTheProbe() {
        away.add(partition("app.away", 0));
        add("app.away", 0, 1);
        transaction();
        othersAreWritten();
        now += Duration.ofMinutes(2).toNanos();
        assertThat(transaction()).as("a probe that fails").containsExactly("id-1");
        assertThat(redirections()).isEmpty();
        assertThat(transaction()).containsExactly("id-1");
        assertThat(redirections()).hasSize(1);

        now += Duration.ofMinutes(2).toNanos();
        away.clear();
        add("app.away", 0, 2, 3);
        assertThat(transaction()).containsExactly("id-3");
        assertThat(redirections()).hasSize(1);
        assertThat(transaction()).containsExactly("id-2");
        assertThat(redirections()).isEmpty();

        add("app.away", 0, 4);
        assertThat(transaction()).containsExactly("id-4");
        assertThat(redirections()).isEmpty();
        assertThat(pending.unavailablePartitions()).isEmpty();
    }

    @Test
    void otherRepliesGoOnAndAFlushDoesNotWait() {
        away.add(partition("app.away", 0));
        add("app.away", 0, 1);
        add(TOPICS.replies(), ANY, 2);
        transaction();

        assertThat(transaction()).containsExactly("id-2");
        assertThat(pending.delaysFlush()).isFalse();
    }

    /** All but the first fail without their own reason. The next transaction has only those, to find out. */
    @Test
    void ofSeveralUnavailablePartitionsTheFirstIsFoundAtOnceAndTheOthersByOneProbe() {
        for (int i = 0; i < 20; i++) {
            away.add(partition("app." + i, 0));
            add("app." + i, 0, i);
        }
        add("app.good", 0, 20);
        assertThat(transaction()).hasSize(21);
        assertThat(pending.delaysFlush()).isTrue();
        assertThat(transaction()).hasSize(19).doesNotContain("id-0", "id-20");
        assertThat(transaction()).containsExactly("id-20");
        assertThat(transaction()).isEmpty();

        away.remove(partition("app.7", 0));
        now += Duration.ofSeconds(20).toNanos();
        assertThat(transaction()).as("a probe of all").hasSize(20);
        assertThat(transaction()).containsExactly("id-7");
        assertThat(transaction()).isEmpty();
    }

    @Test
    void aReplyToAnAvailablePartitionIsCommittedByThatProbe() {
        away.add(partition("app.away", 0));
        add("app.away", 0, 1);
        add("app.good", 0, 2);
        take();
        pending.putBack(
                taken,
                new TransactionResult(
                        false,
                        Map.of(),
                        new FailedPartitions(
                                Map.of(partition("app.away", 0), Set.of(0)),
                                Map.of(partition("app.good", 0), Set.of(1)),
                                Set.of()),
                        Optional.empty()));

        assertThat(transaction()).containsExactly("id-2");
        assertThat(pending.delaysFlush()).isFalse();
    }

    @Test
    void noReplyWaitsForAPartitionIfTheOwnTopicsFailToo() {
        away.add(partition("app.away", 0));
        away.add(partition(TOPICS.replies(), 0));
        add("app.away", 0, 1);
        add(TOPICS.replies(), 0, 2);
        assertThat(transaction()).hasSize(2);
        FailedPartitions all = new FailedPartitions(
                Map.of(partition("app.away", 0), Set.of(0), partition(TOPICS.replies(), 0), Set.of(1)),
                Map.of(),
                Set.of());
        take();

        assertThat(pending.putBack(taken, new TransactionResult(false, Map.of(), all, Optional.empty())))
                .isFalse();
        assertThat(pending.delaysFlush()).isTrue();
    }

    @Test
    void anAvailablePartitionOfTheSameTopicIsWrittenTo() {
        away.add(partition("app.half", 1));
        add("app.half", 1, 1);
        transaction();
        int next = 2;
        for (String key : List.of("a", "b", "c", "d", "e", "f")) {
            pending.add(settlement(withKey(key, next++)));
        }
        add("app.half", ANY, 10, 11, 12);

        List<String> sent = transaction();

        assertThat(sent).contains("id-10", "id-11", "id-12").hasSizeBetween(4, 8);
        assertThat(transaction()).as("nothing has failed").isEmpty();
        away.clear();
        now += Duration.ofSeconds(10).toNanos();
        assertThat(transaction()).containsExactly("id-1");
        assertThat(transaction()).hasSize(9 - sent.size());
    }

    @Test
    void aRecordThatKafkaFailsOnForNoKnownReasonWaitsAloneAndIsNotLost() {
        rejected.add("id-2");
        add("app.good", 0, 1, 2, 3);

        assertThat(transaction()).containsExactly("id-1", "id-2", "id-3");
        assertThat(transaction()).containsExactly("id-2");
        assertThat(transaction()).containsExactly("id-1", "id-3");
        add("app.good", 0, 4);
        assertThat(transaction()).containsExactly("id-4");
        assertThat(aborts).isEqualTo(2);

        rejected.clear();
        now += Duration.ofSeconds(10).toNanos();
        assertThat(transaction()).containsExactly("id-2");
        assertThat(sent).extracting(ProducerRecord::topic).containsExactly("app.good");
    }

    @Test
    void repliesOfAPartitionThatIsNoLongerOwnedAreDropped() {
        away.add(partition("app.away", 0));
        add("app.away", 0, 1);
        transaction();

        pending.dropStale(new Ownership(Map.of(), metadata()));
        now += Duration.ofSeconds(10).toNanos();

        assertThat(transaction()).isEmpty();
        add("app.away", 0, 2);
        assertThat(transaction()).as("and the next reply tries the partition").containsExactly("id-2");
    }

    @Test
    void outcomesGoBeforeMovesAndBesideTheseAtMost100() {
        addMoves(1, 20_000);
        for (int largest = 0; largest < 500; ) {
            largest = transaction().size();
        }
        add("app.good", 0, 30_001, 30_002);

        assertThat(transaction()).hasSize(2 + 100).startsWith("id-30001", "id-30002");
        assertThat(transaction()).as("while another may come").hasSize(100);
        now += Duration.ofMillis(100).toNanos();
        assertThat(transaction().size()).as("when none is expected").isGreaterThan(500);
    }

    @Test
    void aMoveWaitsForNoReplyTopic() {
        away.add(partition("app.away", 0));
        unwritable.add(partition("app.away", 0));
        InputRecord input = Requests.ofModel("m")
                .at(1)
                .withHeader(WireHeaders.REPLY_TOPIC, "app.unknown")
                .input();
        pending.add(move(input));

        assertThat(transaction()).containsExactly("id-1");
        assertThat(sent).singleElement().satisfies(record -> {
            assertThat(record.topic()).isEqualTo(TOPICS.overflow());
            assertThat(record.partition()).isEqualTo(5);
        });
    }

    @Test
    void repliesDoNotWaitForAnOverflowPartitionThatTakesNothing() {
        away.add(partition(TOPICS.overflow(), 5));
        addMoves(1, 3);
        add("app.good", 0, 10, 11);
        transaction();

        assertThat(transaction()).containsExactly("id-10", "id-11");
        addMoves(4, 3);
        assertThat(transaction()).as("nor do they fail again").isEmpty();
        assertThat(aborts).isOne();
        assertThat(pending.delaysFlush())
                .as("what does not move now delays no rebalance")
                .isFalse();

        away.clear();
        now += Duration.ofSeconds(10).toNanos();
        assertThat(transaction()).hasSize(6);
        assertThat(pending.delaysFlush()).isFalse();
    }

    private void addMoves(long from, int count) {
        for (long offset = from; offset < from + count; offset++) {
            pending.add(move(Requests.ofModel("m").at(offset).input()));
        }
    }

    private static Settlement move(InputRecord input) {
        return new Settlement(input, new Outcome.Move(5), Settlement.Form.AS_ASKED, 0);
    }

    private List<PendingSettlements.Routed> take() {
        List<PendingSettlements.Routed> chosen = pending.take();
        taken = chosen.stream().map(PendingSettlements.Routed::settlement).toList();
        sent = chosen.stream().flatMap(routed -> routed.records().stream()).toList();
        return chosen;
    }

    /**
     * Runs a transaction as the producer does. The first record to expire is named. Records that wait for another
     * partition fail with the transaction.
     */
    private List<String> transaction() {
        List<PendingSettlements.Routed> chosen = take();
        SendFailures failures = new SendFailures(millis -> {});
        Exception failure = new TimeoutException("Expiring record(s)");
        List<String> ids = new ArrayList<>();
        boolean failed = false;
        for (int i = 0; i < chosen.size(); i++) {
            String id = taken.get(i).input().id();
            ids.add(id);
            if (rejected.contains(id)) {
                failed = true;
                failures.callback(i, chosen.get(i).records().get(0))
                        .onCompletion(null, new UnknownServerException("a plug-in of the broker"));
                continue;
            }
            for (var record : chosen.get(i).records()) {
                boolean fails = isAway(record.topic(), record.partition(), record.key());
                failures.callback(i, record).onCompletion(null, fails ? failure : null);
                failed |= fails;
            }
        }
        if (failed) {
            aborts++;
            pending.putBack(
                    taken,
                    new TransactionResult(
                            false,
                            failures.rejections(chosen.size() == 1),
                            failures.failedPartitions(),
                            failures.suspect()));
        } else if (!chosen.isEmpty()) {
            pending.committed(taken, 0);
        }
        return ids;
    }

    /** Returns why records of the last transaction go to the queue's own reply topic. */
    private List<String> redirections() {
        return sent.stream()
                .filter(record -> record.topic().equals(TOPICS.replies()))
                .flatMap(record -> WireHeaders.text(record.headers(), WireHeaders.REDIRECTED).stream())
                .toList();
    }

    private TopicLookUp.Partitions partitions(String topic) {
        return new TopicLookUp.Partitions(
                PARTITION_COUNT,
                IntStream.range(0, PARTITION_COUNT)
                        .filter(number -> unwritable.contains(partition(topic, number)))
                        .boxed()
                        .collect(Collectors.toSet()));
    }

    private void lose(TopicPartition partition) {
        unwritable.add(partition);
        away.add(partition);
    }

    private void regain(TopicPartition partition) {
        unwritable.remove(partition);
        away.remove(partition);
    }

    private boolean isAway(String topic, @Nullable Integer partition, byte @Nullable [] key) {
        int target = partition != null ? partition : key == null ? ANY : partitionOf(key);
        return away.contains(partition(topic, target));
    }

    private static int partitionOf(byte[] key) {
        return Utils.toPositive(Utils.murmur2(key)) % PARTITION_COUNT;
    }

    private static TopicPartition partition(String topic, int partition) {
        return new TopicPartition(topic, partition);
    }

    private void add(String topic, int partition, long... offsets) {
        for (long offset : offsets) {
            Requests request = Requests.ofModel("m").at(offset).withHeader(WireHeaders.REPLY_TOPIC, topic);
            InputRecord input = request.input();
            if (partition != ANY) {
                byte[] raw =
                        ByteBuffer.allocate(Integer.BYTES).putInt(partition).array();
                input.record().headers().add(WireHeaders.REPLY_PARTITION, raw);
            }
            pending.add(settlement(input));
        }
    }

    private static InputRecord withKey(String key, long offset) {
        InputRecord plain = Requests.ofModel("m")
                .at(offset)
                .withHeader(WireHeaders.REPLY_TOPIC, "app.half")
                .input();
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>(
                "chat.requests",
                0,
                offset,
                0,
                TimestampType.CREATE_TIME,
                -1,
                -1,
                key.getBytes(UTF_8),
                plain.value(),
                new RecordHeaders(plain.record().headers().toArray()),
                Optional.empty());
        return new InputRecord(plain.assignment(), record, "id-" + offset, 0, 0, 0, 0, Long.MAX_VALUE);
    }

    private static Settlement settlement(InputRecord input) {
        return new Settlement(input, new Reply(200, "{}".getBytes(UTF_8), 1), Settlement.Form.AS_ASKED, 1);
    }

    @SuppressWarnings("removal")
    private static ConsumerGroupMetadata metadata() {
        return new ConsumerGroupMetadata("group", 3, "member", Optional.empty());
    }
}
