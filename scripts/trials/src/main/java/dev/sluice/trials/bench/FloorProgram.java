package dev.sluice.trials.bench;

import dev.sluice.wire.Topics;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The program that someone writes for the task by hand. It consumes, calls and produces, with a bound on calls at once.
 * Without a guarantee it is the least possible program, and the yardstick for Sluice. Kafka's clients keep their
 * defaults, except where a guarantee needs another value.
 */
final class FloorProgram {
    private static final Duration POLL = Duration.ofMillis(100);
    private static final String GROUP = "floor";

    private final FloorCalls calls;
    private final Topics topics;
    private final Consumer<byte[], byte[]> consumer;
    private final Producer<byte[], byte[]> producer;

    /** A promise of the program, and what it does for it. */
    enum Guarantee {
        /** Promises nothing: offsets are committed by the clock, no matter what has become of the calls. */
        NONE,
        /** Loses no request: the offsets of a batch are committed when all its replies are written. */
        AT_LEAST_ONCE,
        /** Loses no request and replies once: replies and offsets are one transaction. */
        TRANSACTIONAL
    }

    private FloorProgram(String bootstrapServers, String baseUrl, Topics topics, int inFlight, Guarantee guarantee) {
        this.topics = topics;
        this.calls = new FloorCalls(baseUrl, topics, inFlight, this::write);
        Map<String, Object> consumes = new HashMap<>(Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ConsumerConfig.GROUP_ID_CONFIG,
                GROUP,
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                "earliest",
                // a batch is large enough for all calls at once
                ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                Math.max(ConsumerConfig.DEFAULT_MAX_POLL_RECORDS, inFlight)));
        Map<String, Object> produces = new HashMap<>(Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers));
        if (guarantee != Guarantee.NONE) {
            consumes.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        }
        if (guarantee == Guarantee.TRANSACTIONAL) {
            consumes.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
            produces.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, GROUP);
            // the largest value that a broker allows: a transaction lasts as long as the calls of its batch
            produces.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, 900_000);
        }
        this.consumer = new KafkaConsumer<>(consumes, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        this.producer = new KafkaProducer<>(produces, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /**
     * Runs until it is killed.
     *
     * @param args bootstrap servers, base URL, base name of the topics, calls at once, guarantee
     */
    public static void main(String[] args) throws InterruptedException {
        Guarantee guarantee = Guarantee.valueOf(args[4]);
        new FloorProgram(args[0], args[1], new Topics(args[2]), Integer.parseInt(args[3]), guarantee).run(guarantee);
    }

    private void run(Guarantee guarantee) throws InterruptedException {
        if (guarantee == Guarantee.TRANSACTIONAL) {
            producer.initTransactions();
        }
        consumer.subscribe(List.of(topics.requests()));
        while (true) {
            ConsumerRecords<byte[], byte[]> requests = consumer.poll(POLL);
            switch (guarantee) {
                case NONE -> start(requests);
                case AT_LEAST_ONCE -> commit(requests);
                case TRANSACTIONAL -> transact(requests);
            }
        }
    }

    private void commit(ConsumerRecords<byte[], byte[]> requests) throws InterruptedException {
        if (requests.isEmpty()) {
            return;
        }
        answer(requests);
        consumer.commitSync();
    }

    private void transact(ConsumerRecords<byte[], byte[]> requests) throws InterruptedException {
        if (requests.isEmpty()) {
            return;
        }
        producer.beginTransaction();
        answer(requests);
        producer.sendOffsetsToTransaction(requests.nextOffsets(), consumer.groupMetadata());
        producer.commitTransaction();
    }

    private void start(ConsumerRecords<byte[], byte[]> requests) throws InterruptedException {
        for (ConsumerRecord<byte[], byte[]> request : requests) {
            calls.call(request);
        }
    }

    /** Calls for all requests and waits until all replies are written. */
    private void answer(ConsumerRecords<byte[], byte[]> requests) throws InterruptedException {
        start(requests);
        calls.awaitAll();
        producer.flush();
    }

    private void write(ProducerRecord<byte[], byte[]> reply) {
        var unused = producer.send(reply, (sent, failure) -> {
            if (failure != null) {
                FloorCalls.end("a reply was not written: " + failure);
            }
        });
    }
}
