package dev.sluice.worker.pace;

import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The calls of a lane that were sent and have not left yet: the client makes a connection first, or is behind because
 * it is not compiled yet. Were there no bound, they would all leave at once and meet the API within one second together
 * with those sent next. Owned by the pace thread.
 */
final class ConnectingCalls {
    private static final int LEAST = 4;
    /**
     * Of what may be sent in a second; fewer would cost a client that is not compiled yet more than they spare the API.
     */
    private static final double PART = 0.05;
    /** One that takes longer than one sent after it leaves alone: a connection that hangs must not stop the others. */
    private static final long PATIENCE = Duration.ofMillis(100).toNanos();
    /** Where none has left that was sent later, all are held up, and would leave together; but not for ever. */
    private static final long LONG_PATIENCE = Duration.ofMillis(500).toNanos();

    private static final long NOT_YET = Long.MIN_VALUE;

    private final TimeMeter time;
    private final Deque<Departure> leaving = new ArrayDeque<>();
    /** When the latest of those was sent that are known to have left. */
    private long provenAt;

    ConnectingCalls(TimeMeter time) {
        this.time = time;
        this.provenAt = time.currentTimeNanos();
    }

    /** One call's leaving. {@link #run} is for any thread and may be called again. */
    static final class Departure implements Runnable {
        private final long sentAt;
        private final TimeMeter time;
        private final AtomicLong leftAt = new AtomicLong(NOT_YET);

        private Departure(long sentAt, TimeMeter time) {
            this.sentAt = sentAt;
            this.time = time;
        }

        /** The call has left, or has ended without, or is waited for no more. */
        @Override
        public void run() {
            leftAt.compareAndSet(NOT_YET, time.currentTimeNanos());
        }

        /** When the API can have seen it at the earliest: now, while it has not left. */
        long leftAt(long now) {
            long left = leftAt.get();
            return left == NOT_YET ? now : left;
        }

        private boolean hasLeft() {
            return leftAt.get() != NOT_YET;
        }
    }

    /** Whether so few are leaving that another can do no harm. */
    boolean hasRoom(double perSecond, long now) {
        forget(now);
        return leaving.size() < Math.max(LEAST, perSecond * PART);
    }

    /** A lane that is not paced only ever adds. */
    Departure add(long now) {
        forget(now);
        Departure departure = new Departure(now, time);
        leaving.add(departure);
        return departure;
    }

    private void forget(long now) {
        leaving.removeIf(call -> {
            boolean left = call.hasLeft();
            if (left && call.sentAt - provenAt > 0) {
                provenAt = call.sentAt;
            }
            return left;
        });
        leaving.removeIf(call -> {
            boolean overtaken = call.sentAt - provenAt < 0;
            boolean over = now - call.sentAt >= (overtaken ? PATIENCE : LONG_PATIENCE);
            if (over) {
                call.run();
            }
            return over;
        });
    }

    /** How many are remembered. */
    int size() {
        return leaving.size();
    }
}
