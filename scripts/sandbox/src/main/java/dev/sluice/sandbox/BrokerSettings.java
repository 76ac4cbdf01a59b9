package dev.sluice.sandbox;

import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.security.auth.SecurityProtocol;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link SandboxBroker} is to be started. Immutable; every {@code with} method returns a changed copy.
 *
 * @param port the port clients connect to, 1 to 65535; 0 takes a free one
 * @param advertisedPort the port of this machine that clients are sent to, for a proxy in between; 0 is {@code port}
 * @param dataFolder where data, configuration and log are kept, and found again by the next start; null for a temporary
 *     folder that {@link SandboxBroker#close()} deletes
 * @param protocol what the clients' listener speaks. The broker talks to itself and to its controller over plain text
 *     listeners of their own, as {@code User:ANONYMOUS}: with an authorizer, make that one a super user
 * @param properties entries of {@code server.properties} that are added to, or replace, the sandbox's own
 * @param jvmOptions options of the broker's JVM, after the sandbox's own
 * @param startTimeout how long a start may take
 */
public record BrokerSettings(
        int port,
        int advertisedPort,
        @Nullable Path dataFolder,
        SecurityProtocol protocol,
        Map<String, String> properties,
        List<String> jvmOptions,
        Duration startTimeout) {

    public BrokerSettings {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("port " + port + " must be 0 (any free one) to 65535");
        }
        if (advertisedPort < 0 || advertisedPort > 65_535) {
            throw new IllegalArgumentException(
                    "advertisedPort " + advertisedPort + " must be 0 (the port itself) to 65535");
        }
        if (startTimeout.isNegative() || startTimeout.isZero()) {
            throw new IllegalArgumentException("startTimeout " + startTimeout + " must be positive");
        }
        properties = Map.copyOf(properties);
        jvmOptions = List.copyOf(jvmOptions);
    }

    /** A plain text broker on a free port, in a temporary folder, that may take 60 s to start. */
    public static BrokerSettings defaults() {
        return new BrokerSettings(0, 0, null, SecurityProtocol.PLAINTEXT, Map.of(), List.of(), Duration.ofSeconds(60));
    }

    /** With this port for clients; 0 takes a free one. */
    public BrokerSettings withPort(int newPort) {
        return new BrokerSettings(newPort, advertisedPort, dataFolder, protocol, properties, jvmOptions, startTimeout);
    }

    /** With this port of this machine in the answers that send clients to the broker: a proxy of one's own. */
    public BrokerSettings withAdvertisedPort(int newPort) {
        return new BrokerSettings(port, newPort, dataFolder, protocol, properties, jvmOptions, startTimeout);
    }

    /** With this folder, which is created if missing and never deleted. */
    public BrokerSettings withDataFolder(Path newDataFolder) {
        return new BrokerSettings(port, advertisedPort, newDataFolder, protocol, properties, jvmOptions, startTimeout);
    }

    /** With this protocol on the clients' listener. */
    public BrokerSettings withProtocol(SecurityProtocol newProtocol) {
        return new BrokerSettings(port, advertisedPort, dataFolder, newProtocol, properties, jvmOptions, startTimeout);
    }

    /** With this entry of {@code server.properties}; it wins over the sandbox's own. */
    public BrokerSettings withProperty(String key, String value) {
        Map<String, String> more = new LinkedHashMap<>(properties);
        more.put(key, value);
        return new BrokerSettings(port, advertisedPort, dataFolder, protocol, more, jvmOptions, startTimeout);
    }

    /** With these options of the broker's JVM instead of any named before, e.g. {@code -Xmx2g} for a benchmark. */
    public BrokerSettings withJvmOptions(String... newJvmOptions) {
        return new BrokerSettings(
                port, advertisedPort, dataFolder, protocol, properties, List.of(newJvmOptions), startTimeout);
    }

    /** With this bound on how long a start may take. */
    public BrokerSettings withStartTimeout(Duration newStartTimeout) {
        return new BrokerSettings(port, advertisedPort, dataFolder, protocol, properties, jvmOptions, newStartTimeout);
    }
}
