package dev.sluice.worker.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.Topics;
import dev.sluice.worker.kafka.KafkaClients;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Workers of two versions in one group, of which the new one reads one more input topic. */
@Timeout(120)
class BundleAssignorIT {
    private static final int PARTITIONS = 4;
    private static final Duration BOUND = Duration.ofSeconds(20);

    /** A group that never becomes stable begins a new generation every few milliseconds. */
    private static final Duration QUIET = Duration.ofSeconds(1);

    /** A member learns of a rebalance with its next heartbeat, by default after 3 s. Dozens come while all is quiet. */
    private static final String HEARTBEAT_MILLIS = "40";

    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private final Topics topics = new Topics(kafka.uniqueName("upgrade"));

    /**
     * The code knows all but the tier of a day. The first member to join assigns. One that does not read overflow takes
     * it for a topic with one partition in each bundle.
     */
    @ParameterizedTest
    @CsvSource({
        "express, true",
        "express, false",
        "overflow, true",
        "overflow, false",
        "delay-1h, true",
        "delay-1h, false",
        "delay-1d, true",
        "delay-1d, false"
    })
    void aGroupOfTwoVersionsIsStable(String tier, boolean oldLeads) throws Exception {
        String newest = topics.requests() + "." + tier;
        List<String> ofOld =
                topics.inputs().stream().filter(topic -> !topic.equals(newest)).toList();
        List<String> ofNew = Stream.concat(ofOld.stream(), Stream.of(newest)).toList();
        create(ofNew);

        try (Member first = new Member("first", oldLeads ? ofOld : ofNew)) {
            await().atMost(BOUND).until(() -> first.partitions(topics.requests()) == PARTITIONS);
            try (Member second = new Member("second", oldLeads ? ofNew : ofOld)) {
                Member oldMember = oldLeads ? first : second;
                Member newMember = oldLeads ? second : first;
                await().atMost(BOUND)
                        .until(() -> oldMember.partitions(topics.requests()) == PARTITIONS / 2
                                && newMember.partitions(topics.requests()) == PARTITIONS / 2);

                requireNoRebalance(oldMember, newMember);
                assertThat(oldMember.assigned).hasSize(PARTITIONS / 2 * partitionsPerBundle(ofOld));
                assertThat(newMember.assigned)
                        .hasSize(PARTITIONS
                                / 2
                                * (tier.equals("overflow") && oldLeads ? ofNew.size() : partitionsPerBundle(ofNew)));

                oldMember.close();
                await().atMost(BOUND)
                        .until(() ->
                                newMember.partitions(newest) == (long) PARTITIONS * topics.partitionsPerBundle(newest));
                assertThat(newMember.assigned).hasSize(PARTITIONS * partitionsPerBundle(ofNew));

                try (Member backAgain = new Member("again", ofOld)) {
                    await().atMost(BOUND).until(() -> backAgain.partitions(topics.requests()) == PARTITIONS / 2);
                    requireNoRebalance(newMember, backAgain);
                    newMember.close();
                    await().atMost(BOUND).until(() -> backAgain.partitions(topics.requests()) == PARTITIONS);
                    assertThat(backAgain.assigned).hasSize(PARTITIONS * partitionsPerBundle(ofOld));
                }
            }
        }
    }

    private int partitionsPerBundle(List<String> names) {
        return names.stream().mapToInt(topics::partitionsPerBundle).sum();
    }

    private void create(List<String> names) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
            admin.createTopics(names.stream()
                            .map(name -> new NewTopic(name, PARTITIONS * topics.partitionsPerBundle(name), (short) 1))
                            .toList())
                    .all()
                    .get();
        }
    }

    private static Map<String, Object> memberProperties() {
        return Map.of("bootstrap.servers", kafka.bootstrapServers(), "heartbeat.interval.ms", HEARTBEAT_MILLIS);
    }

    private static void requireNoRebalance(Member first, Member second) {
        // One of them may not have seen the end of the last rebalance yet.
        await().atMost(BOUND).until(() -> first.generation == second.generation);
        int generation = first.generation;
        await().atMost(BOUND)
                .during(QUIET)
                .until(() -> first.generation == generation && second.generation == generation);
    }

    /** A consumer of the group that is polled on a thread of its own. */
    private final class Member implements AutoCloseable {
        private final Consumer<byte[], byte[]> consumer;
        private final Thread thread;
        volatile Set<TopicPartition> assigned = Set.of();
        volatile int generation;

        Member(String name, Collection<String> subscribed) {
            Class<? extends ConsumerPartitionAssignor> assignor =
                    subscribed.contains(topics.overflow()) ? BundleAssignor.class : EarlierBundleAssignor.class;
            this.consumer = KafkaClients.groupMember(
                    memberProperties(), topics.base(), name, Optional.empty(), assignor, Duration.ofMinutes(5));
            consumer.subscribe(subscribed, new ConsumerRebalanceListener() {
                @Override
                public void onPartitionsRevoked(Collection<TopicPartition> revoked) {}

                @Override
                public void onPartitionsAssigned(Collection<TopicPartition> added) {
                    if (!added.isEmpty()) {
                        consumer.seekToBeginning(added);
                    }
                }
            });
            this.thread = new Thread(this::poll, name);
            thread.start();
        }

        private void poll() {
            try (consumer) {
                while (true) {
                    var unused = consumer.poll(Duration.ofMillis(100));
                    generation = consumer.groupMetadata().generationId();
                    assigned = Set.copyOf(consumer.assignment());
                }
            } catch (WakeupException closed) {
                assigned = Set.of();
            }
        }

        long partitions(String topic) {
            return assigned.stream()
                    .filter(partition -> partition.topic().equals(topic))
                    .count();
        }

        @Override
        public void close() {
            consumer.wakeup();
            try {
                thread.join(BOUND.toMillis());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
