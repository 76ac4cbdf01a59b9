package dev.sluice.worker.pace;

import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The calls of a lane that were started but not sent yet. The client may have to connect first, or be slow because its
 * code is not compiled yet. Without a bound they would all be sent at once, and reach the API within one second
 * together with the calls that start next. Owned by the pace thread.
 */
final class ConnectingCalls {
    private static final int MIN_CALLS = 4;
    /**
     * The part of a second's calls that may be connecting. A smaller part would cost a client that is not compiled yet
     * more than it spares the API.
     */
    private static final double MAX_PART = 0.05;
    /**
     * A call overtaken by a later one is no longer waited for after this time: one hanging connection stops no others.
     */
    private static final long OVERTAKEN_TIMEOUT = Duration.ofMillis(100).toNanos();
    /** The wait is longer if no later call was sent either. All are delayed then and would be sent together. */
    private static final long TIMEOUT = Duration.ofMillis(500).toNanos();

    private static final long NOT_SENT = Long.MIN_VALUE;

    private final TimeMeter time;
    private final Deque<ConnectingCall> calls = new ArrayDeque<>();
    /** The latest start of a call that is known to have been sent. */
    private long lastSentStartedAt;

    ConnectingCalls(TimeMeter time) {
        this.time = time;
        this.lastSentStartedAt = time.currentTimeNanos();
    }

    /** The way of one call to the API. {@link #run} is thread-safe and may be called again. */
    static final class ConnectingCall implements Runnable {
        private final long startedAt;
        private final TimeMeter time;
        private final AtomicLong sentAt = new AtomicLong(NOT_SENT);

        private ConnectingCall(long startedAt, TimeMeter time) {
            this.startedAt = startedAt;
            this.time = time;
        }

        /** Records that the request is sent, or that the call has ended or is no longer waited for. */
        @Override
        public void run() {
            sentAt.compareAndSet(NOT_SENT, time.currentTimeNanos());
        }

        /** Returns the earliest time at which the API can have seen the call: {@code now} if it was not sent yet. */
        long sentAt(long now) {
            long sent = sentAt.get();
            return sent == NOT_SENT ? now : sent;
        }

        private boolean isSent() {
            return sentAt.get() != NOT_SENT;
        }
    }

    /** Returns true if so few calls are connecting that another one does no harm. */
    boolean hasRoom(double perSecond, long now) {
        purge(now);
        return calls.size() < Math.max(MIN_CALLS, perSecond * MAX_PART);
    }

    ConnectingCall add(long now) {
        // Unpaced lanes call only this method, so it must also purge.
        purge(now);
        ConnectingCall call = new ConnectingCall(now, time);
        calls.add(call);
        return call;
    }

    private void purge(long now) {
        calls.removeIf(call -> {
            boolean sent = call.isSent();
            if (sent && call.startedAt - lastSentStartedAt > 0) {
                lastSentStartedAt = call.startedAt;
            }
            return sent;
        });
        calls.removeIf(call -> {
            boolean overtaken = call.startedAt - lastSentStartedAt < 0;
            boolean over = now - call.startedAt >= (overtaken ? OVERTAKEN_TIMEOUT : TIMEOUT);
            if (over) {
                call.run();
            }
            return over;
        });
    }

    int size() {
        return calls.size();
    }
}
