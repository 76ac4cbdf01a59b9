package dev.sluice.trials.chaos;

import dev.sluice.trials.CommittedReader;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commits transactions of one record, five a second, and reads them again: what Kafka's own clients make of the same
 * faults. The times of its producer are those of a worker's. After a failure it has a new one.
 */
final class PlainClient implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(PlainClient.class);
    private static final String TOPIC = "plain";
    private static final long PAUSE_MILLIS = 200;
    private static final int CLOSE_SECONDS = 5;

    private final String bootstrapServers;
    private final int partitions;
    private final CommittedReader reader;
    private final Thread thread = new Thread(this::run, "chaos-plain");
    private final CountDownLatch closed = new CountDownLatch(1);

    /**
     * Creates its topic and starts.
     *
     * @param seen runs when a record can be read
     */
    PlainClient(String bootstrapServers, int partitions, Runnable seen) throws InterruptedException {
        this.bootstrapServers = bootstrapServers;
        this.partitions = partitions;
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers))) {
            admin.createTopics(List.of(new NewTopic(TOPIC, Optional.of(partitions), Optional.empty())))
                    .all()
                    .get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("cannot create the topic " + TOPIC, e);
        }
        this.reader = new CommittedReader(bootstrapServers, List.of(TOPIC), record -> seen.run()).start();
        thread.setDaemon(true);
        thread.start();
    }

    private void run() {
        int number = 0;
        while (closed.getCount() > 0) {
            Producer<byte[], byte[]> producer = producer();
            try {
                producer.initTransactions();
                while (!closed.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS)) {
                    producer.beginTransaction();
                    var unused = producer.send(new ProducerRecord<>(TOPIC, number++ % partitions, null, new byte[1]));
                    producer.commitTransaction();
                }
            } catch (InterruptException | InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } catch (KafkaException e) {
                log.atDebug().setCause(e).log("Plain transaction failed");
            } finally {
                producer.close(Duration.ZERO);
            }
        }
    }

    private Producer<byte[], byte[]> producer() {
        return new KafkaProducer<>(
                Map.of(
                        ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ProducerConfig.CLIENT_ID_CONFIG,
                        TOPIC,
                        ProducerConfig.TRANSACTIONAL_ID_CONFIG,
                        TOPIC,
                        ProducerConfig.TRANSACTION_TIMEOUT_CONFIG,
                        10_000,
                        ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
                        10_000,
                        ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG,
                        5_000,
                        ProducerConfig.MAX_BLOCK_MS_CONFIG,
                        5_000,
                        ProducerConfig.LINGER_MS_CONFIG,
                        0),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    @Override
    public void close() throws InterruptedException {
        closed.countDown();
        thread.join(TimeUnit.SECONDS.toMillis(CLOSE_SECONDS));
        reader.close();
    }
}
