package dev.sluice.worker.cli.ask;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.worker.cli.TestTerminal;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Checks what a person is told who asks a queue that no worker serves. */
class AskWithoutWorkerIT {
    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private final TestTerminal terminal = new TestTerminal();

    @Test
    void itIsSaidThatNoWorkerIsThere() {
        String topic = kafka.uniqueName("unserved");
        assertThat(run(topic, "topics", "create", "--partitions=1")).isZero();

        assertThat(run(topic, "ask", "--model=m", "--group=nobody", "--timeout=14s", "Hi"))
                .isEqualTo(1);

        List<String> said = terminal.err().lines().toList();
        assertThat(said).hasSize(2);
        assertThat(said.get(0))
                .startsWith("sluice ask: no answer for 10s: there is no consumer group 'nobody'")
                .contains("start one with 'sluice worker'", "1 in " + topic + ".requests", "Still waiting");
        assertThat(said.get(1)).startsWith("sluice ask: no answer to request ").contains(" within 14s (--timeout)");
    }

    private int run(String topic, String... words) {
        Stream<String> where = Stream.of("--topic=" + topic, "--bootstrap-servers=" + kafka.bootstrapServers());
        return terminal.run(Stream.concat(Stream.of(words), where).toArray(String[]::new));
    }
}
