package dev.sluice.sandbox.junit;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.testcontainers.DockerClientFactory;

/**
 * Checks that containers can be started here.
 *
 * <p>Testcontainers' own check runs only if an engine may exist. Without an engine it takes half a second and logs an
 * error with all its attempts.
 */
final class ContainerEngine {
    private static final String TESTCONTAINERS = "org.testcontainers.kafka.KafkaContainer";

    private ContainerEngine() {}

    static boolean isAvailable() {
        return hasTestcontainers()
                && mayExist(System.getenv(), Path.of(System.getProperty("user.home")))
                && DockerClientFactory.instance().isDockerAvailable();
    }

    /** Returns true if Testcontainers is on the class path. The using module has to put it there. */
    static boolean hasTestcontainers() {
        try {
            Class.forName(TESTCONTAINERS, false, ContainerEngine.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    /** Returns true if an engine is configured or listens on one of the usual sockets. */
    static boolean mayExist(Map<String, String> environment, Path home) {
        return environment.containsKey("DOCKER_HOST")
                || Files.exists(home.resolve(".testcontainers.properties"))
                || sockets(environment, home).stream().anyMatch(ContainerEngine::accepts);
    }

    private static List<Path> sockets(Map<String, String> environment, Path home) {
        List<Path> sockets = new ArrayList<>();
        sockets.add(Path.of("/var/run/docker.sock"));
        sockets.add(home.resolve(".docker/run/docker.sock"));
        sockets.add(home.resolve(".docker/desktop/docker.sock"));
        String runtime = environment.get("XDG_RUNTIME_DIR");
        if (runtime != null) {
            sockets.add(Path.of(runtime, "docker.sock"));
        }
        return sockets;
    }

    private static boolean accepts(Path socket) {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            return channel.isConnected();
        } catch (IOException e) {
            return false;
        }
    }
}
