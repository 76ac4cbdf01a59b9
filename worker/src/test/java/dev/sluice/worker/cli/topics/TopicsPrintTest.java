package dev.sluice.worker.cli.topics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Topics;
import dev.sluice.worker.cli.TestTerminal;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Prints topics without a broker, which nothing here has. */
class TopicsPrintTest {
    private final TestTerminal terminal = new TestTerminal();

    private int run(String... options) {
        String[] all = Stream.concat(
                        Stream.of("topics", "create", "--print", "--bootstrap-servers=localhost:1"), Stream.of(options))
                .toArray(String[]::new);
        return terminal.run(all);
    }

    @Test
    void everyTopicIsPrintedWithPartitionsReplicationAndConfiguration() {
        assertThat(run("--topic=prod.chat", "--partitions=24", "--replication=3", "--retention=2d"))
                .isZero();

        assertThat(terminal.err()).isEmpty();
        assertThat(terminal.out()).startsWith("""
                topics:
                  - name: prod.chat.requests
                    partitions: 24
                    replication: 3
                    config:
                      cleanup.policy: "delete"
                      retention.ms: "172800000"
                      retention.bytes: "-1"
                      max.message.bytes: "1048588"
                      message.timestamp.type: "LogAppendTime"
                  - name: prod.chat.requests.express
                """).contains("""
                  - name: prod.chat.requests.overflow
                    partitions: 192
                """).contains("""
                  - name: prod.chat.workers
                    partitions: 1
                    replication: 3
                    config:
                      cleanup.policy: "compact,delete"
                """);
        assertThat(names()).isEqualTo(new Topics("prod.chat").all());
    }

    @Test
    void theBrokersReplicationIsLeftOut() {
        assertThat(run()).isZero();

        assertThat(terminal.out()).contains("    partitions: 12\n    config:").doesNotContain("replication");
    }

    private List<String> names() {
        return terminal.out()
                .lines()
                .filter(line -> line.startsWith("  - name: "))
                .map(line -> line.substring("  - name: ".length()))
                .toList();
    }
}
