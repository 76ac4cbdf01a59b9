package dev.sluice.worker.cli;

import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.intake.BundleAssignor;
import dev.sluice.worker.intake.EarlierBundleAssignor;
import dev.sluice.worker.kafka.KafkaClients;
import dev.sluice.worker.settle.AckRuns;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Puts known numbers of records and commits into a queue's topics, as workers and publishers do. */
public final class FilledQueue implements AutoCloseable {
    final Topics topics;
    private final Map<String, Object> kafka;
    private final Admin admin;
    private final List<KafkaProducer<byte[], byte[]>> producers = new ArrayList<>();

    public FilledQueue(String bootstrapServers, Topics topics) {
        this.kafka = Map.of("bootstrap.servers", bootstrapServers);
        this.topics = topics;
        this.admin = Admin.create(kafka);
    }

    public String group() {
        return topics.base() + "-group";
    }

    /** Returns a consumer that joins the workers' group when it is polled. */
    public Consumer<byte[], byte[]> member(String name) {
        return member(name, topics.inputs());
    }

    /** Returns such a consumer that reads these topics, as a worker of an earlier release does. */
    public Consumer<byte[], byte[]> member(String name, List<String> inputs) {
        Class<? extends ConsumerPartitionAssignor> assignor =
                inputs.contains(topics.overflow()) ? BundleAssignor.class : EarlierBundleAssignor.class;
        Consumer<byte[], byte[]> consumer =
                KafkaClients.groupMember(kafka, group(), name, Optional.empty(), assignor, Duration.ofMinutes(5));
        // As workers do, it decides itself where to begin.
        consumer.subscribe(inputs, new ConsumerRebalanceListener() {
            @Override
            public void onPartitionsRevoked(Collection<TopicPartition> revoked) {}

            @Override
            public void onPartitionsAssigned(Collection<TopicPartition> added) {
                if (!added.isEmpty()) {
                    consumer.seekToBeginning(added);
                }
            }
        });
        return consumer;
    }

    public ConsumerGroupMetadata groupMetadata() {
        try (Consumer<byte[], byte[]> consumer = KafkaClients.groupOffsetReader(kafka, group())) {
            return consumer.groupMetadata();
        }
    }

    /** Returns a producer with transactions. */
    public KafkaProducer<byte[], byte[]> worker() {
        KafkaProducer<byte[], byte[]> producer = producer(Map.of("transactional.id", group()));
        producer.initTransactions();
        return producer;
    }

    private KafkaProducer<byte[], byte[]> producer(Map<String, Object> more) {
        Map<String, Object> config = new HashMap<>(kafka);
        config.putAll(more);
        KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
        producers.add(producer);
        return producer;
    }

    /** Publishes requests whose bodies have the given size. */
    public void publish(int partition, int count, int bytes) throws ExecutionException, InterruptedException {
        KafkaProducer<byte[], byte[]> producer = producer(Map.of());
        for (int i = 0; i < count; i++) {
            producer.send(new ProducerRecord<>(topics.requests(), partition, null, new byte[bytes]))
                    .get();
        }
    }

    /** Publishes each record in its own transaction, so that a marker follows each record. */
    public void publishEachInATransaction(KafkaProducer<byte[], byte[]> worker, String topic, int count, Duration age)
            throws ExecutionException, InterruptedException {
        for (int i = 0; i < count; i++) {
            ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, 1, null, new byte[10]);
            WireHeaders.set(record.headers(), WireHeaders.ENQUEUED_AT, System.currentTimeMillis() - age.toMillis());
            worker.beginTransaction();
            worker.send(record).get();
            worker.commitTransaction();
        }
    }

    /** Commits an offset of a partition of the requests, as a worker does. */
    public void commit(int partition, long offset, AckRuns done) throws ExecutionException, InterruptedException {
        commit(requests(partition), offset, done);
    }

    /** Commits an offset of any partition, as a worker does. */
    public void commit(TopicPartition partition, long offset, AckRuns done)
            throws ExecutionException, InterruptedException {
        OffsetAndMetadata committed = new OffsetAndMetadata(offset, done.encode(offset));
        admin.alterConsumerGroupOffsets(group(), Map.of(partition, committed))
                .all()
                .get();
    }

    public void deleteRequestsBefore(int partition, long offset) throws ExecutionException, InterruptedException {
        admin.deleteRecords(Map.of(requests(partition), RecordsToDelete.beforeOffset(offset)))
                .all()
                .get();
    }

    public TopicPartition requests(int partition) {
        return new TopicPartition(topics.requests(), partition);
    }

    @Override
    public void close() {
        producers.forEach(producer -> producer.close(Duration.ZERO));
        admin.close();
    }
}
