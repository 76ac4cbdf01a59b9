package dev.sluice.worker.cli.dlq;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.cli.TestTerminal;
import dev.sluice.worker.cli.connection.KafkaOptions;
import dev.sluice.worker.deadletters.DeadLetterFilter;
import dev.sluice.worker.deadletters.DeadLetterReplay;
import dev.sluice.worker.deadletters.ReplayFailure;
import dev.sluice.worker.deadletters.ReplaySelection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.junit.jupiter.api.Test;

class ReplaySessionTest {
    private final TestTerminal terminal = new TestTerminal();

    @Test
    void aMissingRightToSendIsReportedWithTheNumberOfSentLetters() {
        int code = report(new TopicAuthorizationException(Set.of("chat.requests")), true);

        assertThat(code).isEqualTo(1);
        assertThat(terminal.out()).isEqualTo("500 sent and marked as replayed" + System.lineSeparator());
        assertThat(terminal.err())
                .startsWith("sluice dlq replay: Kafka does not allow it: give this user Write on topic chat.requests;")
                .contains("the same command again goes on");
    }

    @Test
    void aMissingRightToReadIsReported() {
        report(new TopicAuthorizationException(Set.of("chat.requests.dead")), false);

        assertThat(terminal.err()).contains("give this user Read on topic chat.requests.dead;");
    }

    @Test
    void aMissingRightOnTheTransactionalIdIsReportedWithTheId() {
        report(new TransactionalIdAuthorizationException("Transactional Id authorization failed."), true);

        assertThat(terminal.err()).contains("on transactional id 'sluice-dlq-replay:chat';");
    }

    private int report(AuthorizationException denial, boolean sending) {
        KafkaOptions kafka = new KafkaOptions();
        ReplaySession session = new ReplaySession(
                terminal.terminal(),
                kafka,
                new DeadLetterOpener(terminal.terminal(), "sluice dlq replay", kafka),
                new ReplaySelection(DeadLetterFilter.ALL, List.of(), 3),
                new DeadLetterReplay.Pacing(Long.MAX_VALUE, Double.POSITIVE_INFINITY));
        ReplayFailure denied = new ReplayFailure.Denied(denial, sending);
        return session.report(new DeadLetterReplay.Result(500, 0, List.of(), Optional.of(denied), false));
    }
}
