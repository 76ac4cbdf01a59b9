package dev.sluice;

import dev.sluice.sandbox.BrokerSettings;
import dev.sluice.sandbox.SandboxBroker;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Two brokers of one cluster. The first is also the controller, and the second can be killed without it. */
final class BrokerPair implements AutoCloseable {
    static final int FIRST = 1;
    static final int SECOND = 2;

    private final SandboxBroker first;
    private final SandboxBroker second;

    private BrokerPair(SandboxBroker first, SandboxBroker second) {
        this.first = first;
        this.second = second;
    }

    /** Starts both brokers with their data in this folder. */
    static BrokerPair start(Path folder) throws Exception {
        Path one = folder.resolve("one");
        SandboxBroker first = SandboxBroker.start(BrokerSettings.defaults().withDataFolder(one));
        try {
            createTransactionLog(first);
            Path two = folder.resolve("two");
            joinCluster(two.resolve("data"), clusterId(first));
            return new BrokerPair(first, SandboxBroker.start(secondSettings(two, voters(one))));
        } catch (Exception e) {
            first.close();
            throw e;
        }
    }

    /** Has the log of transactions made while there is one broker, so that none depends on the second. */
    private static void createTransactionLog(SandboxBroker broker) {
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers(), "transactional.id", "first"),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            producer.initTransactions();
        }
    }

    private static String clusterId(SandboxBroker broker) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            return admin.describeCluster().clusterId().get();
        }
    }

    private static String voters(Path folder) throws IOException {
        Properties properties = new Properties();
        try (var reader = Files.newBufferedReader(folder.resolve("server.properties"))) {
            properties.load(reader);
        }
        return properties.getProperty("controller.quorum.voters");
    }

    /** Formats the log folder as Kafka's storage tool would, but for a cluster that exists. */
    private static void joinCluster(Path logFolder, String clusterId) throws IOException {
        Files.createDirectories(logFolder);
        Files.writeString(
                logFolder.resolve("meta.properties"),
                "version=1\nnode.id=%d\ncluster.id=%s\ndirectory.id=%s\n"
                        .formatted(SECOND, clusterId, Uuid.randomUuid()));
    }

    private static BrokerSettings secondSettings(Path folder, String voters) throws IOException {
        String listeners = "CLIENTS://localhost:%d,INTERNAL://localhost:%d".formatted(freePort(), freePort());
        return BrokerSettings.defaults()
                .withDataFolder(folder)
                .withProperty("process.roles", "broker")
                .withProperty("node.id", Integer.toString(SECOND))
                .withProperty("controller.quorum.voters", voters)
                .withProperty("listeners", listeners)
                .withProperty("advertised.listeners", listeners);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** Returns the first broker, which is always there. */
    String bootstrapServers() {
        return first.bootstrapServers();
    }

    void killSecond() {
        second.kill();
    }

    void startSecondAgain() {
        second.startAgain();
    }

    @Override
    public void close() {
        second.kill();
        first.kill();
    }
}
