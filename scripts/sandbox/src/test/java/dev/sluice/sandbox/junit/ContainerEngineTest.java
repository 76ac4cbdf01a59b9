package dev.sluice.sandbox.junit;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContainerEngineTest {

    @TempDir
    private Path home;

    @Test
    void mayExistIfConfigured() throws Exception {
        assertThat(ContainerEngine.mayExist(Map.of("DOCKER_HOST", "tcp://engine:2375"), home))
                .isTrue();

        Files.createFile(home.resolve(".testcontainers.properties"));
        assertThat(ContainerEngine.mayExist(Map.of(), home)).isTrue();
    }

    @Test
    void mayExistIfItsSocketIsOpen() throws Exception {
        try (ServerSocketChannel engine = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            engine.bind(UnixDomainSocketAddress.of(home.resolve("docker.sock")));

            assertThat(ContainerEngine.mayExist(Map.of("XDG_RUNTIME_DIR", home.toString()), home))
                    .isTrue();
        }
    }
}
