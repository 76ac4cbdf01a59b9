package dev.sluice.worker.settle;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Reason;
import dev.sluice.wire.Topics;
import dev.sluice.worker.Requests;
import dev.sluice.worker.outcome.Outcome;
import dev.sluice.worker.outcome.Outcome.DeadLetter;
import dev.sluice.worker.settle.Settlement.Form;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.Test;

class SettlementTest {
    private static final List<String> OWN_TOPICS = new Topics("chat").all();
    private static final Outcome REPLY = new Outcome.Reply(200, "{}".getBytes(UTF_8), 1);
    private static final Outcome DEAD_LETTER =
            new Outcome.DeadLetter(Reason.REJECTED, OptionalInt.of(400), "no", 1, "400", 1);
    private final Exception tooLarge = new RecordTooLargeException("large");
    private final Exception invalid = new InvalidRecordException("no key");
    private final Exception notAllowed = new TopicAuthorizationException(Set.of("secret"));

    @Test
    void aReplyThatIsTooLargeEndsAsADeadLetterWithItsFailedReplyWhereItIsWanted() {
        Settlement next = settlement(REPLY, Form.AS_ASKED).afterRejection(tooLarge, OWN_TOPICS);

        assertThat(next.form()).isEqualTo(Form.AS_ASKED);
        assertThat(((DeadLetter) next.outcome()).reason()).isEqualTo(Reason.TOO_LARGE);
    }

    @Test
    void aReplyWhoseTopicIsRejectedEndsAsADeadLetterWithItsFailedReplyOnTheOwnTopic() {
        Settlement next = settlement(REPLY, Form.AS_ASKED).afterRejection(notAllowed, OWN_TOPICS);

        assertThat(next.form()).isEqualTo(Form.OWN_REPLY_TOPIC);
        assertThat(((DeadLetter) next.outcome()).reason()).isEqualTo(Reason.REPLY_TOPIC_REFUSED);
    }

    @Test
    void aRequeueThatIsTooLargeEndsAsADeadLetter() {
        Outcome requeue = new Outcome.Requeue(Optional.empty(), 1, 1, 0, "timeout");

        Settlement next = settlement(requeue, Form.AS_ASKED).afterRejection(tooLarge, OWN_TOPICS);

        assertThat(((DeadLetter) next.outcome()).reason()).isEqualTo(Reason.TOO_LARGE);
    }

    /** Kafka may have rejected only its failed reply, so the dead letter does not lose the request for that. */
    @Test
    void aDeadLetterWhoseReplyTopicIsRejectedKeepsTheRequestAndRepliesOnTheOwnTopic() {
        Settlement next = settlement(DEAD_LETTER, Form.AS_ASKED).afterRejection(notAllowed, OWN_TOPICS);

        assertThat(next).isEqualTo(settlementLike(next, DEAD_LETTER, Form.OWN_REPLY_TOPIC));
    }

    @Test
    void aDeadLetterThatIsTooLargeOrInvalidGoesWithoutTheRequest() {
        Settlement large = settlement(DEAD_LETTER, Form.AS_ASKED).afterRejection(tooLarge, OWN_TOPICS);
        Settlement rejected = settlement(DEAD_LETTER, Form.OWN_REPLY_TOPIC).afterRejection(invalid, OWN_TOPICS);

        assertThat(large).isEqualTo(settlementLike(large, DEAD_LETTER, Form.BARE));
        assertThat(rejected).isEqualTo(settlementLike(rejected, DEAD_LETTER, Form.BARE));
    }

    @Test
    void aSettlementWithoutASmallerFormStaysAsItIs() {
        Settlement requeue = settlement(new Outcome.Requeue(Optional.empty(), 1, 1, 0, "timeout"), Form.AS_ASKED);
        Settlement bare = settlement(DEAD_LETTER, Form.BARE);

        assertThat(requeue.afterRejection(notAllowed, OWN_TOPICS)).isEqualTo(requeue);
        assertThat(bare.afterRejection(notAllowed, OWN_TOPICS)).isEqualTo(bare);
        assertThat(bare.afterRejection(tooLarge, OWN_TOPICS)).isEqualTo(bare);
    }

    @Test
    void aSettlementThatMayNotBeWrittenToTheOwnTopicsStaysAsItIs() {
        for (String topic : OWN_TOPICS) {
            for (Outcome outcome : List.of(REPLY, DEAD_LETTER)) {
                Settlement waiting = settlement(outcome, Form.AS_ASKED);

                assertThat(waiting.afterRejection(new TopicAuthorizationException(Set.of(topic)), OWN_TOPICS))
                        .isEqualTo(waiting);
            }
        }
    }

    private static Settlement settlement(Outcome outcome, Form form) {
        return new Settlement(Requests.ofModel("m").input(), outcome, form, 5);
    }

    private static Settlement settlementLike(Settlement other, Outcome outcome, Form form) {
        return new Settlement(other.input(), outcome, form, 5);
    }
}
