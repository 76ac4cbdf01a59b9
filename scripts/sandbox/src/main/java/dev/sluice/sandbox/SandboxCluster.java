package dev.sluice.sandbox;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Kafka brokers that are one cluster. Each is a process of its own with a controller in it, and can be killed and
 * suspended by itself. Every partition has as many replicas as there are brokers. With two brokers or more, two of them
 * must be in sync for a write. Thread-safe.
 */
public final class SandboxCluster implements AutoCloseable {
    private final List<SandboxBroker> brokers;
    private final String bootstrapServers;

    private SandboxCluster(List<SandboxBroker> brokers, String bootstrapServers) {
        this.brokers = List.copyOf(brokers);
        this.bootstrapServers = bootstrapServers;
    }

    /** Chooses the port at which others reach a listener, such as that of a proxy. */
    @FunctionalInterface
    public interface AdvertisedPorts {
        /**
         * Returns the port to advertise.
         *
         * @param nodeId the broker of the listener
         * @param port the port at which the broker listens
         */
        int of(int nodeId, BrokerListener listener, int port);
    }

    /** Starts a cluster with temporary data, whose listeners are reached at their own ports. */
    public static SandboxCluster start(int brokers) {
        return start(brokers, BrokerSettings.defaults(), (nodeId, listener, port) -> port);
    }

    /**
     * Starts brokers with the ids from 1 and returns when all of them serve clients.
     *
     * @param settings the settings of each broker. Its folder of data has a folder for each, and its port must be 0.
     * @throws BrokerStartException as {@link SandboxBroker#start(BrokerSettings)}
     */
    public static SandboxCluster start(int brokers, BrokerSettings settings, AdvertisedPorts advertised) {
        if (brokers < 1 || settings.port() != 0 || settings.advertisedPort() != 0) {
            throw new IllegalArgumentException(
                    "a cluster needs a broker at least, and settings without a port, is: " + brokers + ", " + settings);
        }
        SandboxCluster cluster = create(brokers, settings, advertised);
        try {
            start(cluster.brokers);
            return cluster;
        } catch (RuntimeException e) {
            cluster.close();
            throw e;
        }
    }

    private static SandboxCluster create(int count, BrokerSettings settings, AdvertisedPorts advertised) {
        Map<Integer, ListenerPorts> own = new HashMap<>();
        Map<Integer, ListenerPorts> reached = new HashMap<>();
        Map<Integer, Integer> voters = new HashMap<>();
        Set<Integer> taken = new HashSet<>();
        for (int id = 1; id <= count; id++) {
            ListenerPorts ports = ListenerPorts.free(0, taken);
            taken.addAll(ports.all());
            own.put(id, ports);
            ListenerPorts outside = new ListenerPorts(
                    advertised.of(id, BrokerListener.CLIENTS, ports.clients()),
                    advertised.of(id, BrokerListener.INTERNAL, ports.internal()),
                    advertised.of(id, BrokerListener.CONTROLLER, ports.controller()));
            reached.put(id, outside);
            voters.put(id, outside.controller());
        }
        String clusterId = ClusterMember.newClusterId();
        List<SandboxBroker> brokers = new ArrayList<>();
        own.forEach((id, ports) -> brokers.add(SandboxBroker.create(
                of(settings, id, reached.get(id)),
                new ServerProperties(ports, new ClusterMember(clusterId, id, voters)))));
        return new SandboxCluster(
                brokers,
                reached.values().stream()
                        .map(ports -> "localhost:" + ports.clients())
                        .collect(Collectors.joining(",")));
    }

    private static BrokerSettings of(BrokerSettings settings, int id, ListenerPorts reached) {
        Path folder = settings.dataFolder();
        BrokerSettings inFolder = folder == null ? settings : settings.withDataFolder(folder.resolve("broker-" + id));
        return inFolder.withProperty(
                "advertised.listeners",
                "CLIENTS://localhost:%d,INTERNAL://localhost:%d,CONTROLLER://localhost:%d"
                        .formatted(reached.clients(), reached.internal(), reached.controller()));
    }

    /** Returns the clients' {@code bootstrap.servers}, with the ports that the brokers advertise. */
    public String bootstrapServers() {
        return bootstrapServers;
    }

    /** Returns the brokers in the order of their ids. */
    public List<SandboxBroker> brokers() {
        return brokers;
    }

    /** Returns the broker with this id. */
    public SandboxBroker broker(int nodeId) {
        return brokers.get(nodeId - 1);
    }

    /**
     * Starts those brokers that are not running, all at once.
     *
     * @throws BrokerStartException as {@link SandboxBroker#startAgain}
     */
    public void startStopped() {
        start(brokers.stream().filter(broker -> !broker.isRunning()).toList());
    }

    // the controllers of a cluster wait for each other, so that none is ready before others are launched
    private static void start(List<SandboxBroker> brokers) {
        brokers.forEach(SandboxBroker::launch);
        brokers.forEach(SandboxBroker::awaitReady);
    }

    /** Kills all brokers and deletes temporary data. A clean end of one broker after the other would have no end. */
    @Override
    public void close() {
        brokers.forEach(SandboxBroker::kill);
        brokers.forEach(SandboxBroker::deleteTemporaryFolder);
    }
}
