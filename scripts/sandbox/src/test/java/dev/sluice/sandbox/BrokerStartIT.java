package dev.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.security.auth.SecurityProtocol;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests the effects of {@link BrokerSettings}. */
class BrokerStartIT {
    private static final String LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule required ";

    @TempDir
    private Path folder;

    @Test
    void failsWithTheEndOfTheLog() {
        BrokerSettings invalid = BrokerSettings.defaults().withProperty("num.io.threads", "many");

        assertThatThrownBy(() -> SandboxBroker.start(invalid))
                .isInstanceOf(BrokerStartException.class)
                .hasMessageContaining("ended with exit code 1 before it was ready")
                .hasMessageContaining("num.io.threads")
                .hasMessageContaining("many");
    }

    @Test
    void failsWhenNotReadyInTime() {
        BrokerSettings impatient = BrokerSettings.defaults().withStartTimeout(Duration.ofMillis(1));

        assertThatThrownBy(() -> SandboxBroker.start(impatient))
                .isInstanceOf(BrokerStartException.class)
                .hasMessageContaining("not ready within PT0.001S");
    }

    @Test
    void failsOnAFolderThatIsAFile() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "in the way");

        assertThatThrownBy(() -> SandboxBroker.start(BrokerSettings.defaults().withDataFolder(file)))
                .isInstanceOf(BrokerStartException.class)
                .hasMessageContaining(file.toString());
    }

    @Test
    void findsItsDataInItsFolderAfterARestart() throws Exception {
        BrokerSettings settings =
                BrokerSettings.defaults().withDataFolder(folder).withPort(LoopbackPorts.free());
        try (SandboxBroker first = SandboxBroker.start(settings)) {
            BrokerClient client = new BrokerClient(first.bootstrapServers());
            client.createTopic("kept");
            client.write("kept", "before");
        }

        try (SandboxBroker second = SandboxBroker.start(settings)) {
            assertThat(second.bootstrapServers()).isEqualTo("localhost:" + settings.port());
            assertThat(new BrokerClient(second.bootstrapServers()).read("kept", 1))
                    .containsExactly("before");
        }
    }

    @Test
    void canRequireCredentialsAndPermissions() throws Exception {
        BrokerSettings secured = BrokerSettings.defaults()
                .withProtocol(SecurityProtocol.SASL_PLAINTEXT)
                .withProperty("sasl.enabled.mechanisms", "PLAIN")
                .withProperty(
                        "listener.name.clients.plain.sasl.jaas.config",
                        LOGIN + "user_owner=\"secret\" user_guest=\"secret\";")
                .withProperty("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer")
                .withProperty("super.users", "User:ANONYMOUS;User:owner");

        try (SandboxBroker broker = SandboxBroker.start(secured)) {
            BrokerClient owner = new BrokerClient(as("owner", broker));
            owner.createTopic("guarded");
            owner.write("guarded", "hello");

            assertThat(owner.read("guarded", 1)).containsExactly("hello");
            assertThatThrownBy(() -> new BrokerClient(as("guest", broker)).write("guarded", "no"))
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(TopicAuthorizationException.class);
        }
    }

    private static Map<String, Object> as(String user, SandboxBroker broker) {
        return Map.of(
                "bootstrap.servers",
                broker.bootstrapServers(),
                "security.protocol",
                "SASL_PLAINTEXT",
                "sasl.mechanism",
                "PLAIN",
                "sasl.jaas.config",
                LOGIN + "username=\"" + user + "\" password=\"secret\";");
    }
}
