package dev.sluice.worker.cli.cancel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.ChatQueueException;
import dev.sluice.testing.InMemoryChatQueue;
import dev.sluice.wire.CancelMark;
import dev.sluice.worker.cli.ParsedCommand;
import dev.sluice.worker.cli.TestTerminal;
import org.junit.jupiter.api.Test;

class CancelCommandTest {
    private final TestTerminal terminal = new TestTerminal();
    private final InMemoryChatQueue queue = InMemoryChatQueue.answering(request -> "");

    @Test
    void cancelsRequestsAndGroups() throws Exception {
        assertThat(cancel("cancel", "a", "b", "--group=nightly")).isZero();

        assertThat(queue.cancelled())
                .containsExactly(CancelMark.ofId("a"), CancelMark.ofId("b"), CancelMark.ofGroup("nightly"));
        assertThat(terminal.out())
                .contains("request a is cancelled", "request b is cancelled", "group nightly is cancelled");
    }

    @Test
    void whatKafkaDoesNotTakeIsReported() throws Exception {
        queue.failWith(new ChatQueueException("broker is gone"));

        assertThat(cancel("cancel", "a")).isEqualTo(1);

        assertThat(terminal.out()).isEmpty();
        assertThat(terminal.err()).contains("sluice cancel: request a is not cancelled: broker is gone");
    }

    @Test
    void somethingMustBeNamed() throws Exception {
        assertThat(ParsedCommand.of(terminal, "cancel").problems())
                .containsExactly("nothing to cancel; name the ids of requests, or a --group");
        assertThat(ParsedCommand.of(terminal, "cancel", "", "--group=" + "x".repeat(257))
                        .problems())
                .satisfiesExactly(
                        id -> assertThat(id).startsWith("ID: must be 1 to 256 bytes"),
                        group -> assertThat(group).startsWith("--group: must be 1 to 256 bytes"));
    }

    private int cancel(String... arguments) throws InterruptedException {
        return ((CancelCommand) ParsedCommand.of(terminal, arguments).command()).cancel(queue);
    }
}
