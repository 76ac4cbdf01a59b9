package dev.sluice.sandbox;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The {@code server.properties} of a broker that is a controller, too.
 *
 * @param ports the ports of its listeners
 * @param member its place in its cluster
 */
record ServerProperties(ListenerPorts ports, ClusterMember member) {
    /** The topics that Kafka keeps for itself, as the names of their properties begin. */
    private static final List<String> INTERNAL_TOPICS =
            List.of("offsets.topic", "transaction.state.log", "share.coordinator.state.topic");

    /** Chooses free ports for the only broker of a cluster. {@code port} is used as given unless it is 0. */
    static ServerProperties onPort(int port) {
        ListenerPorts ports = ListenerPorts.free(port, Set.of());
        return new ServerProperties(ports, ClusterMember.alone(ports.controller()));
    }

    /** Returns the sandbox's own entries, overridden by the entries of {@code settings}. */
    Map<String, String> of(BrokerSettings settings, Path folder) {
        Map<String, String> properties = new LinkedHashMap<>();
        putIdentity(properties, logFolder(folder));
        putListeners(properties, settings);
        putReplication(properties);
        putSmallSizes(properties);
        putShortTimeouts(properties);
        properties.putAll(settings.properties());
        return properties;
    }

    /** Returns the folder of Kafka's data, in the folder of all that is the broker's. */
    Path logFolder(Path folder) {
        return folder.resolve("data");
    }

    /** Returns the address of the listener that is in plain text, whatever the clients' one is. */
    String internalAddress() {
        return "localhost:" + ports.internal();
    }

    private void putIdentity(Map<String, String> properties, Path logFolder) {
        properties.put("process.roles", "broker,controller");
        properties.put("node.id", Integer.toString(member.nodeId()));
        properties.put("controller.quorum.voters", member.quorum());
        properties.put("log.dirs", logFolder.toString());
    }

    private void putListeners(Map<String, String> properties, BrokerSettings settings) {
        properties.put(
                "listeners",
                "CLIENTS://localhost:%d,INTERNAL://localhost:%d,CONTROLLER://localhost:%d"
                        .formatted(ports.clients(), ports.internal(), ports.controller()));
        int advertised = settings.advertisedPort() == 0 ? ports.clients() : settings.advertisedPort();
        properties.put(
                "advertised.listeners",
                "CLIENTS://localhost:%d,INTERNAL://localhost:%d".formatted(advertised, ports.internal()));
        properties.put(
                "listener.security.protocol.map",
                "CLIENTS:%s,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT".formatted(settings.protocol().name));
        properties.put("inter.broker.listener.name", "INTERNAL");
        properties.put("controller.listener.names", "CONTROLLER");
    }

    // A killed broker may register again only after the session of its former process has expired, 9 s by default. With
    // 2 s, a busy machine makes the controller time out a healthy broker.
    private static void putShortTimeouts(Map<String, String> properties) {
        properties.put("broker.session.timeout.ms", "5000");
        properties.put("broker.heartbeat.interval.ms", "500");
        properties.put("group.initial.rebalance.delay.ms", "0");
    }

    private void putReplication(Map<String, String> properties) {
        for (String topic : INTERNAL_TOPICS) {
            properties.put(topic + ".num.partitions", "1");
            properties.put(topic + ".replication.factor", member.replicas());
        }
        properties.put("transaction.state.log.min.isr", member.minInSync());
        properties.put("share.coordinator.state.topic.min.isr", member.minInSync());
        properties.put("default.replication.factor", member.replicas());
        properties.put("min.insync.replicas", member.minInSync());
    }

    private static void putSmallSizes(Map<String, String> properties) {
        properties.put("auto.create.topics.enable", "false");
        properties.put("log.cleaner.dedupe.buffer.size", "2097152"); // instead of a third of the heap
    }
}
