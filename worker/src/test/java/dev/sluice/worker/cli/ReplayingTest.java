package dev.sluice.worker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.cli.dlq.LetterFilter;
import dev.sluice.worker.cli.dlq.Obstacle;
import dev.sluice.worker.cli.dlq.Replay;
import dev.sluice.worker.cli.dlq.Selection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.junit.jupiter.api.Test;

class ReplayingTest {
    private final TestShell shell = new TestShell();

    @Test
    void aRightThatIsTakenAwayMidwayIsNamedBesideWhatWasSent() {
        int code = report(new TopicAuthorizationException(Set.of("chat.requests")), true);

        assertThat(code).isEqualTo(1);
        assertThat(shell.out()).isEqualTo("500 sent and marked as replayed" + System.lineSeparator());
        assertThat(shell.err())
                .startsWith("sluice dlq replay: Kafka does not allow it: give this user Write on topic chat.requests;")
                .contains("the same command again goes on");
    }

    @Test
    void whatIsReadMeanwhileMayBeRefusedToo() {
        report(new TopicAuthorizationException(Set.of("chat.requests.dead")), false);

        assertThat(shell.err()).contains("give this user Read on topic chat.requests.dead;");
    }

    @Test
    void theTransactionalIdIsNamed() {
        report(new TransactionalIdAuthorizationException("Transactional Id authorization failed."), true);

        assertThat(shell.err()).contains("on transactional id 'sluice-dlq-replay:chat';");
    }

    private int report(AuthorizationException refusal, boolean sending) {
        KafkaOptions kafka = new KafkaOptions();
        Replaying replaying = new Replaying(
                shell.shell(),
                kafka,
                new DeadLetters(shell.shell(), "sluice dlq replay", kafka),
                new Selection(LetterFilter.ALL, List.of(), 3),
                new Replay.Pacing(Long.MAX_VALUE, Double.POSITIVE_INFINITY));
        Obstacle refused = new Obstacle.Refused(refusal, sending);
        return replaying.report(new Replay.Result(500, 0, List.of(), Optional.of(refused), false));
    }
}
