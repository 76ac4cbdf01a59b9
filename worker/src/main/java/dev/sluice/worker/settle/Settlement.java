package dev.sluice.worker.settle;

import dev.sluice.wire.Reason;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.outcome.Outcome;
import java.util.Collection;
import java.util.Collections;
import java.util.OptionalInt;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.jspecify.annotations.Nullable;

/**
 * A record of an input topic and what became of it, on its way into a transaction.
 *
 * @param outcome any but {@link Outcome.Hold}, which leaves the record where it is
 * @param endedAt epoch ms at which the outcome was known
 */
record Settlement(InputRecord envelope, Outcome outcome, Form form, long endedAt) {
    /** How much of the request goes into the records: less each time Kafka refuses them for good. */
    enum Form {
        /** The reply where the request wants it. */
        AS_ASKED,
        /** The reply on the queue's own reply topic. */
        OWN_REPLY_TOPIC,
        /** That, and without key, value and foreign headers: a dead letter that only says where the request lies. */
        BARE
    }

    boolean isBare() {
        return form == Form.BARE;
    }

    byte @Nullable [] key() {
        return isBare() ? null : envelope.key();
    }

    /** Bytes it takes in memory and, roughly, on Kafka. */
    long weight() {
        return envelope.weight() + answerBytes();
    }

    /** Those of the API's answer, which it takes beside its record. */
    long answerBytes() {
        return outcome instanceof Outcome.Reply reply ? reply.body().length : 0;
    }

    /** The same request, ended as a dead letter for a reason of settle's own. */
    Settlement dead(Reason reason, String message, Form newForm) {
        long callMillis = outcome instanceof Outcome.Reply reply ? reply.callMillis() : 0;
        OptionalInt status =
                outcome instanceof Outcome.Reply reply ? OptionalInt.of(reply.httpStatus()) : OptionalInt.empty();
        Outcome dead = new Outcome.DeadLetter(reason, status, message, envelope.attempts(), "", callMillis);
        return new Settlement(envelope, dead, newForm, endedAt);
    }

    /**
     * What to try after Kafka has refused a record of this one for a reason that will not pass. Itself where there is
     * nothing less to try, or where it is our own topics that cannot be written to: no request is to blame for that.
     *
     * @param own the queue's own topics
     */
    Settlement afterRefusal(Exception refusal, Collection<String> own) {
        if (refusal instanceof TopicAuthorizationException unauthorized
                && !Collections.disjoint(unauthorized.unauthorizedTopics(), own)) {
            return this;
        }
        boolean tooLarge = refusal instanceof RecordTooLargeException;
        if (outcome instanceof Outcome.DeadLetter) {
            boolean replyRefused = form == Form.AS_ASKED && !tooLarge;
            return new Settlement(envelope, outcome, replyRefused ? Form.OWN_REPLY_TOPIC : Form.BARE, endedAt);
        }
        if (tooLarge) {
            return dead(Reason.TOO_LARGE, "the record is larger than its topic allows: " + refusal.getMessage(), form);
        }
        return outcome instanceof Outcome.Requeue
                ? this
                : dead(Reason.REPLY_TOPIC_REFUSED, "Kafka refused the record: " + refusal, Form.OWN_REPLY_TOPIC);
    }
}
