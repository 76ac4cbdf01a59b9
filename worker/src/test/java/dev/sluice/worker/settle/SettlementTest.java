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
    private static final List<String> OWN = new Topics("chat").all();
    private static final Outcome REPLY = new Outcome.Reply(200, "{}".getBytes(UTF_8), 1);
    private static final Outcome LETTER =
            new Outcome.DeadLetter(Reason.REJECTED, OptionalInt.of(400), "no", 1, "400", 1);
    private final Exception tooLarge = new RecordTooLargeException("large");
    private final Exception invalid = new InvalidRecordException("no key");
    private final Exception notAllowed = new TopicAuthorizationException(Set.of("secret"));

    @Test
    void aReplyThatIsTooLargeEndsAsADeadLetterWithItsFailedReplyWhereItIsWanted() {
        Settlement next = settlement(REPLY, Form.AS_ASKED).afterRefusal(tooLarge, OWN);

        assertThat(next.form()).isEqualTo(Form.AS_ASKED);
        assertThat(((DeadLetter) next.outcome()).reason()).isEqualTo(Reason.TOO_LARGE);
    }

    @Test
    void aReplyWhoseTopicIsRefusedEndsAsADeadLetterWithItsFailedReplyOnOurOwnTopic() {
        Settlement next = settlement(REPLY, Form.AS_ASKED).afterRefusal(notAllowed, OWN);

        assertThat(next.form()).isEqualTo(Form.OWN_REPLY_TOPIC);
        assertThat(((DeadLetter) next.outcome()).reason()).isEqualTo(Reason.REPLY_TOPIC_REFUSED);
    }

    @Test
    void aRequeueThatIsTooLargeEndsAsADeadLetter() {
        Outcome requeue = new Outcome.Requeue(Optional.empty(), 1, 1, 0, "timeout");

        Settlement next = settlement(requeue, Form.AS_ASKED).afterRefusal(tooLarge, OWN);

        assertThat(((DeadLetter) next.outcome()).reason()).isEqualTo(Reason.TOO_LARGE);
    }

    /** Its failed reply may be what was refused; the request itself is not dropped from the letter for that. */
    @Test
    void aDeadLetterWhoseReplyTopicIsRefusedKeepsTheRequestAndRepliesOnOurOwnTopic() {
        Settlement next = settlement(LETTER, Form.AS_ASKED).afterRefusal(notAllowed, OWN);

        assertThat(next).isEqualTo(settlementLike(next, LETTER, Form.OWN_REPLY_TOPIC));
    }

    @Test
    void aDeadLetterThatIsTooLargeOrInvalidGoesWithoutTheRequest() {
        Settlement large = settlement(LETTER, Form.AS_ASKED).afterRefusal(tooLarge, OWN);
        Settlement refused = settlement(LETTER, Form.OWN_REPLY_TOPIC).afterRefusal(invalid, OWN);

        assertThat(large).isEqualTo(settlementLike(large, LETTER, Form.BARE));
        assertThat(refused).isEqualTo(settlementLike(refused, LETTER, Form.BARE));
    }

    @Test
    void whatCannotGoForFaultsOfOurOwnTopicsStaysAsItIs() {
        Settlement requeue = settlement(new Outcome.Requeue(Optional.empty(), 1, 1, 0, "timeout"), Form.AS_ASKED);
        Settlement bare = settlement(LETTER, Form.BARE);

        assertThat(requeue.afterRefusal(notAllowed, OWN)).isEqualTo(requeue);
        assertThat(bare.afterRefusal(notAllowed, OWN)).isEqualTo(bare);
        assertThat(bare.afterRefusal(tooLarge, OWN)).isEqualTo(bare);
    }

    @Test
    void whatMayNotBeWrittenToOurOwnTopicsWaitsAsItIs() {
        for (String topic : OWN) {
            for (Outcome outcome : List.of(REPLY, LETTER)) {
                Settlement waiting = settlement(outcome, Form.AS_ASKED);

                assertThat(waiting.afterRefusal(new TopicAuthorizationException(Set.of(topic)), OWN))
                        .isEqualTo(waiting);
            }
        }
    }

    private static Settlement settlement(Outcome outcome, Form form) {
        return new Settlement(Requests.ofModel("m").envelope(), outcome, form, 5);
    }

    private static Settlement settlementLike(Settlement other, Outcome outcome, Form form) {
        return new Settlement(other.envelope(), outcome, form, 5);
    }
}
