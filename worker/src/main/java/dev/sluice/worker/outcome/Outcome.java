package dev.sluice.worker.outcome;

import dev.sluice.wire.Reason;
import dev.sluice.wire.Topics.Tier;
import dev.sluice.worker.intake.SuspicionLevel;
import dev.sluice.worker.provider.ApiError;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The decision on a request. A new alternative needs a case in {@link Cases}, so that the compiler finds every place
 * where it must be handled.
 */
public sealed interface Outcome {
    <T> T match(Cases<T> cases);

    /** Returns the word for this alternative in metrics and traces. */
    String word();

    /** A function with one case for each alternative. */
    interface Cases<T> {
        T reply(Reply reply);

        T requeue(Requeue requeue);

        T move(Move move);

        T deadLetter(DeadLetter deadLetter);

        T unawaited(Unawaited unawaited);

        T hold(Hold hold);
    }

    /**
     * The API has answered, and the answer is published as the reply.
     *
     * @param httpStatus the status of the answer
     * @param body the API's JSON, byte for byte; of a streamed answer what was put together from its chunks
     * @param callMillis how long the call took
     * @param streamedCall the id of the call if its answer was streamed
     */
    record Reply(int httpStatus, byte[] body, long callMillis, Optional<String> streamedCall) implements Outcome {
        /** Makes a reply whose answer came as a whole. */
        public Reply(int httpStatus, byte[] body, long callMillis) {
            this(httpStatus, body, callMillis, Optional.empty());
        }

        @Override
        public <T> T match(Cases<T> cases) {
            return cases.reply(this);
        }

        @Override
        public String word() {
            return "reply";
        }
    }

    /**
     * The request goes to another topic and is called later, for the first time or again.
     *
     * @param tier the delay tier that it waits in; empty for the retry topic
     * @param notBefore the earliest time of the call, in epoch milliseconds
     * @param attempts the new count of attempts
     * @param deferrals the new count of deferrals
     * @param lastError the error, such as {@code 429 dynamic_request_limited}; empty if nothing went wrong
     * @param suspicion the evidence against the request from now on
     */
    record Requeue(
            Optional<Tier> tier,
            long notBefore,
            int attempts,
            int deferrals,
            String lastError,
            SuspicionLevel suspicion)
            implements Outcome {
        /** Makes a requeue of a request that nothing speaks against. */
        public Requeue(Optional<Tier> tier, long notBefore, int attempts, int deferrals, String lastError) {
            this(tier, notBefore, attempts, deferrals, lastError, SuspicionLevel.NONE);
        }

        @Override
        public <T> T match(Cases<T> cases) {
            return cases.requeue(this);
        }

        @Override
        public String word() {
            return "requeue";
        }
    }

    /**
     * The request waits in the overflow topic, since others are short of requests that lie behind it. Nothing else
     * about it changes.
     *
     * @param overflowPartition the partition that it moves to
     */
    record Move(int overflowPartition) implements Outcome {
        @Override
        public <T> T match(Cases<T> cases) {
            return cases.move(this);
        }

        @Override
        public String word() {
            return "move";
        }
    }

    /**
     * The request ends without an answer. It becomes a dead letter and a failed reply.
     *
     * @param httpStatus the status of the last call; empty if it had no answer or the request was not called
     * @param message the description for the publisher of the request; the API's own message if it sent one
     * @param attempts the count of attempts with the last call
     * @param lastError the error, such as {@code 500} or {@code timeout}; empty if the request was not called
     * @param callMillis how long the last call took
     * @param said the error of the last call in the API's own words, or {@link ApiError#NONE}
     */
    record DeadLetter(
            Reason reason,
            OptionalInt httpStatus,
            String message,
            int attempts,
            String lastError,
            long callMillis,
            ApiError said)
            implements Outcome {
        /** Makes a dead letter about which the API has said nothing. */
        public DeadLetter(
                Reason reason,
                OptionalInt httpStatus,
                String message,
                int attempts,
                String lastError,
                long callMillis) {
            this(reason, httpStatus, message, attempts, lastError, callMillis, ApiError.NONE);
        }

        /** Returns the same dead letter with the API's own words. */
        public DeadLetter saying(ApiError words) {
            return new DeadLetter(reason, httpStatus, message, attempts, lastError, callMillis, words);
        }

        @Override
        public <T> T match(Cases<T> cases) {
            return cases.deadLetter(this);
        }

        @Override
        public String word() {
            return "dead_letter";
        }
    }

    /**
     * The request ends without an answer, and nobody needs its dead letter: it was cancelled, it is an ask whose
     * deadline has passed, or it declines one. It becomes a failed reply alone.
     *
     * @param failure what the failed reply says
     */
    record Unawaited(DeadLetter failure) implements Outcome {
        /**
         * Makes the end of a request that was not called, or whose call was aborted.
         *
         * @param message the description for the publisher of the request
         * @param attempts the count of attempts, which does not change
         * @param callMillis how long the call took that was aborted; 0 if there was none
         */
        public Unawaited(Reason reason, String message, int attempts, long callMillis) {
            this(new DeadLetter(reason, OptionalInt.empty(), message, attempts, "", callMillis));
        }

        public Reason reason() {
            return failure.reason();
        }

        @Override
        public <T> T match(Cases<T> cases) {
            return cases.unawaited(this);
        }

        @Override
        public String word() {
            return "unawaited";
        }
    }

    /** The API serves nobody at present. The request stays in its lane and its counters do not change. */
    record Hold(String reason) implements Outcome {
        @Override
        public <T> T match(Cases<T> cases) {
            return cases.hold(this);
        }

        @Override
        public String word() {
            return "hold";
        }
    }
}
