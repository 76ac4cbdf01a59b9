package dev.sluice.worker.outcome;

import dev.sluice.wire.Reason;
import dev.sluice.wire.Topics.Tier;
import java.util.Optional;
import java.util.OptionalInt;

/** What becomes of a request. A new alternative needs a case in {@link Cases}, which shows every place it matters. */
public sealed interface Outcome {
    <T> T match(Cases<T> cases);

    /** One case for each alternative. */
    interface Cases<T> {
        T reply(Reply reply);

        T requeue(Requeue requeue);

        T deadLetter(DeadLetter deadLetter);

        T hold(Hold hold);
    }

    /**
     * The API has answered.
     *
     * @param body the API's JSON, byte for byte
     */
    record Reply(int httpStatus, byte[] body, long callMillis) implements Outcome {
        @Override
        public <T> T match(Cases<T> cases) {
            return cases.reply(this);
        }
    }

    /**
     * Called again, or for the first time, later.
     *
     * @param tier the delay tier it waits in; empty for the retry topic
     * @param notBefore epoch ms
     * @param attempts the counter that the request has from now on
     * @param deferrals likewise
     * @param lastError such as {@code 429 dynamic_request_limited}; empty where nothing went wrong
     */
    record Requeue(Optional<Tier> tier, long notBefore, int attempts, int deferrals, String lastError)
            implements Outcome {
        @Override
        public <T> T match(Cases<T> cases) {
            return cases.requeue(this);
        }
    }

    /**
     * Ended without an answer: a dead letter and a failed reply.
     *
     * @param httpStatus the status of the last call; empty where there was no answer or no call
     * @param message for the one who published the request; the API's own words where there are some
     * @param attempts the counter with this call
     * @param lastError such as {@code 500} or {@code timeout}; empty where nothing was called
     */
    record DeadLetter(
            Reason reason, OptionalInt httpStatus, String message, int attempts, String lastError, long callMillis)
            implements Outcome {
        @Override
        public <T> T match(Cases<T> cases) {
            return cases.deadLetter(this);
        }
    }

    /** Nobody is served at present: the request stays where it is, and no counter moves. */
    record Hold(String reason) implements Outcome {
        @Override
        public <T> T match(Cases<T> cases) {
            return cases.hold(this);
        }
    }
}
