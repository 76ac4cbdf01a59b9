package dev.sluice.sandbox;

import dev.sluice.sandbox.broker.BrokerMain;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The archive holds the classes of a broker as Java has them in memory. A broker starts with it in half the time, and
 * for half the processor time. It lies beside the sandbox's jar, and {@link #main} writes it. Java passes over an
 * archive that is not of its own version or not of this jar.
 */
final class BrokerArchive {
    private static final String TOPIC = "rehearsal";
    private static final Duration MAX_WAIT = Duration.ofMinutes(1);

    private BrokerArchive() {}

    /**
     * Returns the options of Java that name the class path and the archive, if there is one. Java takes an archive only
     * if the class path begins with that of its making, so the sandbox's jar comes first.
     *
     * @param classPath the class path of this process. It may hold classes of a caller's that the broker loads.
     */
    static List<String> options(String classPath) {
        Path origin = origin();
        if (!Files.isRegularFile(origin)) {
            return List.of("-cp", classPath);
        }
        String jarFirst = origin + File.pathSeparator + classPath;
        Path archive = archive(origin);
        return Files.isRegularFile(archive)
                ? List.of("-XX:SharedArchiveFile=" + archive, "-Xlog:cds*=off", "-cp", jarFirst)
                : List.of("-cp", jarFirst);
    }

    /** Returns the jar, or the folder of classes where the sandbox is not packaged. */
    private static Path origin() {
        try {
            return Path.of(BrokerMain.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Path archive(Path jar) {
        return jar.resolveSibling("broker.jsa");
    }

    /**
     * Writes the archive of the jar that this class is in. Where this Java cannot write one, or the machine is too busy
     * for a broker to start and end in time, it says so, and brokers start without.
     *
     * @param args none
     */
    public static void main(String[] args) throws IOException, InterruptedException, ExecutionException {
        Path archive = archive(origin());
        Path written = archive.resolveSibling("broker.jsa.new");
        Files.deleteIfExists(archive);
        BrokerSettings settings =
                BrokerSettings.defaults().withJvmOptions("-XX:ArchiveClassesAtExit=" + written, "-Xlog:cds*=off");
        try (SandboxBroker broker = SandboxBroker.start(settings)) {
            rehearse(Map.of("bootstrap.servers", broker.bootstrapServers()));
            broker.stop();
        } catch (BrokerStartException | IllegalStateException e) {
            System.err.println("No class archive was written; brokers start slower without it. " + e.getMessage());
            return;
        }
        if (Files.exists(written)) {
            Files.move(written, archive, StandardCopyOption.ATOMIC_MOVE);
        } else {
            System.err.println("This Java has written no class archive; brokers start slower without it.");
        }
    }

    /** Makes the broker load what it needs for topics, transactions and groups. */
    private static void rehearse(Map<String, Object> client) throws InterruptedException, ExecutionException {
        try (Admin admin = Admin.create(client)) {
            admin.createTopics(List.of(new NewTopic(TOPIC, 1, (short) 1))).all().get();
        }
        Map<String, Object> settings = new HashMap<>(client);
        settings.put("transactional.id", TOPIC);
        settings.put("group.id", TOPIC);
        settings.put("auto.offset.reset", "earliest");
        try (var producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
                var consumer =
                        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            producer.initTransactions();
            producer.beginTransaction();
            Future<RecordMetadata> unused = producer.send(new ProducerRecord<>(TOPIC, new byte[1]));
            producer.commitTransaction();
            consumer.subscribe(List.of(TOPIC));
            long deadline = System.nanoTime() + MAX_WAIT.toNanos();
            while (consumer.poll(Duration.ofMillis(100)).isEmpty()) {
                if (System.nanoTime() > deadline) {
                    throw new IllegalStateException("the broker gave no record back within " + MAX_WAIT);
                }
            }
            consumer.commitSync();
        }
    }
}
