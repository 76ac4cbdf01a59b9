package dev.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Takes one broker through its whole life. Every test leaves it running. */
class SandboxBrokerIT {
    private static SandboxBroker broker;
    private static BrokerClient client;

    @BeforeAll
    static void startBroker() {
        broker = SandboxBroker.start();
        client = new BrokerClient(broker.bootstrapServers());
    }

    @AfterAll
    static void closeBroker() {
        if (broker != null) { // null if its start has failed
            broker.close();
        }
    }

    @Test
    void servesClientsAsSoonAsStartReturns() throws Exception {
        broker.restart();

        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers(), "retries", 0))) {
            assertThat(admin.describeCluster().nodes().get(10, TimeUnit.SECONDS))
                    .hasSize(1);
        }
    }

    @Test
    void deliversARecord() throws Exception {
        client.createTopic("carried");

        client.write("carried", "hello");

        assertThat(client.read("carried", 1)).containsExactly("hello");
    }

    @Test
    void keepsItsDataAndAddressWhenKilled() throws Exception {
        String address = broker.bootstrapServers();
        long firstPid = broker.pid();
        client.createTopic("kept-when-killed");
        client.write("kept-when-killed", "before");

        broker.kill();
        assertThat(broker.isRunning()).isFalse();
        assertThat(ProcessHandle.of(firstPid)).isEmpty();
        assertThatThrownBy(broker::suspend).hasMessageContaining("not running");
        broker.startAgain();
        client.write("kept-when-killed", "after");

        assertThat(broker.bootstrapServers()).isEqualTo(address);
        assertThat(broker.pid()).isNotEqualTo(firstPid);
        assertThat(client.read("kept-when-killed", 2)).containsExactly("before", "after");
    }

    @Test
    void keepsItsDataWhenStopped() throws Exception {
        client.createTopic("kept-when-stopped");
        client.write("kept-when-stopped", "before");

        broker.stop();
        assertThat(broker.isRunning()).isFalse();
        broker.startAgain();

        assertThat(client.read("kept-when-stopped", 1)).containsExactly("before");
    }

    @Test
    void answersNoRequestWhileSuspended() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            admin.describeCluster().clusterId().get(10, TimeUnit.SECONDS);

            broker.suspend();
            var asked = admin.describeCluster().clusterId();
            assertThatThrownBy(() -> asked.get(500, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
            assertThat(broker.isRunning()).isTrue();
            broker.resume();

            assertThat(asked.get(20, TimeUnit.SECONDS)).isNotBlank();
        }
    }

    @Test
    void canBeKilledAndStoppedWhileSuspended() {
        broker.suspend();
        broker.kill();
        assertThat(broker.isRunning()).isFalse();
        broker.startAgain();

        broker.suspend();
        broker.stop();
        assertThat(broker.isRunning()).isFalse();
        broker.startAgain();
    }

    @Test
    void cannotBeStartedTwice() {
        assertThatThrownBy(broker::startAgain)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is running as process " + broker.pid());
    }

    @Test
    void logsWarningsToItsFileAndNothingBelow() throws Exception {
        assertThat(Files.readString(broker.log())).contains(" WARN ").doesNotContain(" INFO ", "SLF4J");
    }

    @Test
    void deletesItsTemporaryFolderOnClose() {
        SandboxBroker temporary = SandboxBroker.start();
        Path folder = temporary.log().getParent();

        temporary.close();

        assertThat(folder).doesNotExist();
        temporary.close();
    }
}
