package dev.sluice.sandbox;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The {@code server.properties} of a single broker that is its own controller.
 *
 * @param port the port of the clients' listener
 * @param controllerPort the port of the controller's listener
 * @param internalPort the port of the listener over which the broker talks to itself. It lets the clients' listener be
 *     secured without credentials for the broker.
 */
record ServerProperties(int port, int controllerPort, int internalPort) {

    /** Chooses free ports. {@code port} is used as given unless it is 0. */
    static ServerProperties onPort(int port) {
        Set<Integer> ports = new LinkedHashSet<>();
        ports.add(port == 0 ? LoopbackPorts.free() : port);
        while (ports.size() < 3) {
            ports.add(LoopbackPorts.free());
        }
        List<Integer> distinct = List.copyOf(ports);
        return new ServerProperties(distinct.get(0), distinct.get(1), distinct.get(2));
    }

    /** Returns the sandbox's own entries, overridden by the entries of {@code settings}. */
    Map<String, String> of(BrokerSettings settings, Path folder) {
        Map<String, String> properties = new LinkedHashMap<>();
        putIdentity(properties, logFolder(folder));
        putListeners(properties, settings);
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
        return "localhost:" + internalPort;
    }

    private void putIdentity(Map<String, String> properties, Path logFolder) {
        properties.put("process.roles", "broker,controller");
        properties.put("node.id", "1");
        properties.put("controller.quorum.voters", "1@localhost:" + controllerPort);
        properties.put("log.dirs", logFolder.toString());
    }

    private void putListeners(Map<String, String> properties, BrokerSettings settings) {
        properties.put(
                "listeners",
                "CLIENTS://localhost:%d,INTERNAL://localhost:%d,CONTROLLER://localhost:%d"
                        .formatted(port, internalPort, controllerPort));
        int advertised = settings.advertisedPort() == 0 ? port : settings.advertisedPort();
        properties.put(
                "advertised.listeners",
                "CLIENTS://localhost:%d,INTERNAL://localhost:%d".formatted(advertised, internalPort));
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

    private static void putSmallSizes(Map<String, String> properties) {
        for (String topic : new String[] {"offsets.topic", "transaction.state.log", "share.coordinator.state.topic"}) {
            properties.put(topic + ".num.partitions", "1");
            properties.put(topic + ".replication.factor", "1");
        }
        properties.put("transaction.state.log.min.isr", "1");
        properties.put("share.coordinator.state.topic.min.isr", "1");
        properties.put("auto.create.topics.enable", "false");
        properties.put("log.cleaner.dedupe.buffer.size", "2097152"); // instead of a third of the heap
    }
}
