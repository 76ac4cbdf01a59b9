package dev.sluice.sandbox;

import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.security.auth.SecurityProtocol;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a {@link SandboxBroker}. They are immutable: every {@code with} method returns a changed copy.
 *
 * @param port the port for clients, or 0 for a free one
 * @param advertisedPort the port of this machine that the broker advertises to clients, for a proxy in between; 0 is
 *     {@code port}
 * @param dataFolder the folder for data, configuration and log, which the next start finds again. Null is a temporary
 *     folder that {@link SandboxBroker#close()} deletes.
 * @param protocol the protocol of the clients' listener. The broker uses plain text listeners for itself and its
 *     controller, as {@code User:ANONYMOUS}. With an authorizer, make that user a super user.
 * @param properties entries of {@code server.properties} that are added to the sandbox's own or replace them
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

    /** Returns the settings for a plain text broker on a free port in a temporary folder. It may take 60 s to start. */
    public static BrokerSettings defaults() {
        return new BrokerSettings(0, 0, null, SecurityProtocol.PLAINTEXT, Map.of(), List.of(), Duration.ofSeconds(60));
    }

    /** Sets the port for clients. 0 takes a free one. */
    public BrokerSettings withPort(int newPort) {
        return new BrokerSettings(newPort, advertisedPort, dataFolder, protocol, properties, jvmOptions, startTimeout);
    }

    /** Sets the advertised port, for a proxy between clients and broker. */
    public BrokerSettings withAdvertisedPort(int newPort) {
        return new BrokerSettings(port, newPort, dataFolder, protocol, properties, jvmOptions, startTimeout);
    }

    /** Sets the data folder. It is created if missing and never deleted. */
    public BrokerSettings withDataFolder(Path newDataFolder) {
        return new BrokerSettings(port, advertisedPort, newDataFolder, protocol, properties, jvmOptions, startTimeout);
    }

    /** Sets the protocol of the clients' listener. */
    public BrokerSettings withProtocol(SecurityProtocol newProtocol) {
        return new BrokerSettings(port, advertisedPort, dataFolder, newProtocol, properties, jvmOptions, startTimeout);
    }

    /** Sets an entry of {@code server.properties}. It overrides the sandbox's own. */
    public BrokerSettings withProperty(String key, String value) {
        Map<String, String> more = new LinkedHashMap<>(properties);
        more.put(key, value);
        return new BrokerSettings(port, advertisedPort, dataFolder, protocol, more, jvmOptions, startTimeout);
    }

    /** Replaces the options of the broker's JVM, for example by {@code -Xmx2g} for a benchmark. */
    public BrokerSettings withJvmOptions(String... newJvmOptions) {
        return new BrokerSettings(
                port, advertisedPort, dataFolder, protocol, properties, List.of(newJvmOptions), startTimeout);
    }

    /** Sets how long a start may take. */
    public BrokerSettings withStartTimeout(Duration newStartTimeout) {
        return new BrokerSettings(port, advertisedPort, dataFolder, protocol, properties, jvmOptions, newStartTimeout);
    }
}
