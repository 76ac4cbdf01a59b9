package dev.sluice.worker.settle;

import dev.sluice.wire.Reason;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.outcome.Outcome;
import java.util.Collection;
import java.util.Collections;
import java.util.OptionalInt;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.jspecify.annotations.Nullable;

/**
 * A record of an input topic and its outcome, on their way into a transaction.
 *
 * @param outcome any but {@link Outcome.Hold}, which leaves the record where it is
 * @param endedAt the epoch ms at which the outcome was known
 */
record Settlement(InputRecord input, Outcome outcome, Form form, long endedAt) {
    /** The part of a request that goes into its records. Each final rejection by Kafka makes it smaller. */
    enum Form {
        /** The reply goes where the request wants it. */
        AS_ASKED,
        /** The reply goes to the queue's own reply topic. */
        OWN_REPLY_TOPIC,
        /**
         * The same without key, value and foreign headers. The dead letter only says where the request lies.
         */
        BARE
    }

    /** Takes the dead letter of a request that declines one away, wherever it was decided. */
    Settlement {
        // a reply that could not go where it should is seen nowhere else
        if (outcome instanceof Outcome.DeadLetter failure
                && failure.reason() != Reason.REPLY_TOPIC_REFUSED
                && input.declinesDeadLetter()) {
            outcome = new Outcome.Unawaited(failure);
        }
    }

    boolean isBare() {
        return form == Form.BARE;
    }

    boolean isMove() {
        return outcome instanceof Outcome.Move;
    }

    byte @Nullable [] key() {
        return isBare() ? null : input.key();
    }

    /** Returns the bytes it takes in memory and, roughly, on Kafka. */
    long weight() {
        return input.weight() + answerBytes();
    }

    /** Returns the bytes of the API's answer, which it takes beside its record. */
    long answerBytes() {
        return outcome instanceof Outcome.Reply reply ? reply.body().length : 0;
    }

    /** Returns the same request, ended as a dead letter for a reason of settle's own. */
    Settlement deadLetter(Reason reason, String message, Form newForm) {
        long callMillis = outcome instanceof Outcome.Reply reply ? reply.callMillis() : 0;
        OptionalInt status =
                outcome instanceof Outcome.Reply reply ? OptionalInt.of(reply.httpStatus()) : OptionalInt.empty();
        Outcome dead = new Outcome.DeadLetter(reason, status, message, input.attempts(), "", callMillis);
        return new Settlement(input, dead, newForm, endedAt);
    }

    /**
     * Returns what to try after Kafka has finally rejected a record of this settlement. It returns the same settlement
     * if no smaller form is left or if Kafka rejects the queue's own topics, since no request is to blame for that.
     *
     * @param ownTopics the queue's own topics
     */
    Settlement afterRejection(Exception rejection, Collection<String> ownTopics) {
        if (rejection instanceof TopicAuthorizationException unauthorized
                && !Collections.disjoint(unauthorized.unauthorizedTopics(), ownTopics)) {
            return this;
        }
        boolean tooLarge =
                rejection instanceof RecordTooLargeException || rejection instanceof RecordBatchTooLargeException;
        if (outcome instanceof Outcome.DeadLetter || outcome instanceof Outcome.Unawaited) {
            boolean replyRejected = form == Form.AS_ASKED && !tooLarge;
            return new Settlement(input, outcome, replyRejected ? Form.OWN_REPLY_TOPIC : Form.BARE, endedAt);
        }
        if (tooLarge) {
            return deadLetter(
                    Reason.TOO_LARGE, "the record is larger than its topic allows: " + rejection.getMessage(), form);
        }
        return outcome instanceof Outcome.Requeue || outcome instanceof Outcome.Move
                ? this
                : deadLetter(
                        Reason.REPLY_TOPIC_REFUSED, "Kafka rejected the record: " + rejection, Form.OWN_REPLY_TOPIC);
    }
}
