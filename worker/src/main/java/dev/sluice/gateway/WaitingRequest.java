package dev.sluice.gateway;

import dev.sluice.stream.ShownAnswer;
import io.vertx.core.Vertx;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request that was put on the queue, and the client that waits for its reply. A client may go, and another, its own
 * next try, may take its place. It belongs to the event loop.
 */
final class WaitingRequest {
    private final Vertx vertx;
    private final WaitTimes times;
    private final String id;
    private final String fingerprint;
    private final Caller caller;
    private final WaitingRequests all;
    private boolean isStream;
    private final ShownAnswer shown = new ShownAnswer();
    private boolean includesUsage;
    /** The last events of a stream whose client was away at its end. */
    private byte @Nullable [] lastEvents;
    /** Counts the reply while what is missing of a stream is made from it. */
    private OpenAnswers.@Nullable Entry heldReply;
    /** Ends the wait for the reply; null before the request was handed to Kafka. */
    private @Nullable Runnable abandon;

    private @Nullable ClientExchange client;
    private @Nullable HttpAnswer outcome;
    private long forgetTimer = -1;
    private boolean isForgotten;

    /**
     * Makes a request without a client.
     *
     * @param fingerprint equal for requests that have the same caller and the same bytes
     */
    WaitingRequest(Vertx vertx, WaitTimes times, String id, String fingerprint, Caller caller, WaitingRequests all) {
        this.vertx = vertx;
        this.times = times;
        this.id = id;
        this.fingerprint = fingerprint;
        this.caller = caller;
        this.all = all;
    }

    String id() {
        return id;
    }

    String fingerprint() {
        return fingerprint;
    }

    Caller caller() {
        return caller;
    }

    /** Sets what is known once the body has been read and the request handed to Kafka. */
    void asked(boolean wantsStream, Runnable howToAbandon) {
        isStream |= wantsStream;
        abandon = howToAbandon;
        if (isForgotten) {
            howToAbandon.run();
        }
    }

    /** Gives the reply to this client, at once if it is there already. */
    void attach(ClientExchange next) {
        if (forgetTimer >= 0) {
            vertx.cancelTimer(forgetTimer);
        }
        client = next;
        next.continues(id);
        HttpAnswer known = outcome;
        if (known != null) {
            next.send(known);
            forget();
            return;
        }
        showAgain(next);
        byte[] last = lastEvents;
        if (last != null) {
            next.sendLast(last);
            forget();
            return;
        }
        next.whenGone(() -> leave(next));
        long unused = next.after(times.commitAfter().toMillis(), () -> commit(next));
    }

    /** Shows the client what an earlier try of it was shown. */
    private void showAgain(ClientExchange next) {
        if (!shown.isEmpty()) {
            next.commitStream(Map.of());
            keepAlive(next);
            shown.chunks().forEachRemaining(chunk -> next.write(StreamEvents.event(chunk, includesUsage), () -> {}));
        }
    }

    /**
     * Shows the client a chunk of its stream.
     *
     * @param taken runs once the chunk needs no memory any more
     */
    void show(StreamedChunk chunk, Runnable taken) {
        if (isForgotten) {
            return;
        }
        isStream = true;
        includesUsage = chunk.includesUsage();
        shown.add(chunk.chunk());
        ClientExchange waiting = client;
        if (waiting == null || waiting.isEnded()) {
            taken.run();
            return;
        }
        if (!waiting.isCommitted()) {
            waiting.commitStream(chunk.headers());
            keepAlive(waiting);
        }
        waiting.write(chunk.event(), taken);
    }

    /** Takes note that the rest of a stream comes from the reply, which stays in memory until the client has it. */
    void replyIsThere(int bytes) {
        ClientExchange waiting = client;
        if (waiting != null && !waiting.isEnded() && !isForgotten) {
            heldReply = waiting.hold(bytes);
        }
    }

    private void releaseReply() {
        OpenAnswers.Entry held = heldReply;
        heldReply = null;
        if (held != null) {
            held.end();
        }
    }

    /** Ends a stream. If its client is away, the end is kept with what was shown. */
    void end(byte[] events) {
        ClientExchange waiting = client;
        if (isForgotten) {
            return;
        }
        releaseReply();
        if (waiting != null) {
            waiting.sendLast(events);
            forget();
        } else {
            lastEvents = events;
            keepFor((int) Math.min(Integer.MAX_VALUE, shown.bytes() + events.length));
        }
    }

    private void commit(ClientExchange waiting) {
        if (waiting.isCommitted()) { // the first chunk has done it
            return;
        }
        if (abandon == null) { // whether it wants a stream is not known yet
            long unused = waiting.after(times.keepAliveEvery().toMillis(), () -> commit(waiting));
            return;
        }
        waiting.commit(isStream);
        keepAlive(waiting);
    }

    private void keepAlive(ClientExchange waiting) {
        long unused = waiting.after(times.keepAliveEvery().toMillis(), () -> {
            waiting.keepAlive(isStream);
            keepAlive(waiting);
        });
    }

    private void leave(ClientExchange gone) {
        if (client == gone) {
            client = null;
            releaseReply();
            all.orphaned(this);
            forgetAfter(times.orphanFor().toMillis());
        }
    }

    /** Takes the outcome of the request. It is kept where no client is there to get it. */
    void complete(HttpAnswer answer) {
        if (isForgotten) {
            return;
        }
        ClientExchange waiting = client;
        if (waiting == null) {
            keep(answer);
        } else if (answer.isOk() || !waiting.isCommitted()) {
            waiting.send(answer);
            forget();
        } else if (isStream) {
            waiting.sendFailure(answer);
            forget();
        } else {
            // Its status is 200 already, so the client's next try gets the true one.
            client = null;
            waiting.abort(answer);
            all.orphaned(this);
            keep(answer);
        }
    }

    private void keep(HttpAnswer answer) {
        outcome = answer;
        keepFor(answer.body().length);
    }

    private void keepFor(int bytes) {
        vertx.cancelTimer(forgetTimer);
        forgetAfter(times.outcomeKeptFor().toMillis());
        all.keep(this, bytes);
    }

    private void forgetAfter(long millis) {
        forgetTimer = vertx.setTimer(millis, timer -> forget());
    }

    /** Ends the request here. If its reply has not come, nobody waits for it any more, and it is cancelled. */
    void forget() {
        isForgotten = true;
        releaseReply();
        Runnable known = abandon;
        if (known != null) {
            known.run();
        }
        all.forget(this);
    }

    /** Ends the wait of the client, if one waits, and cancels the request. */
    void stop(HttpAnswer answer) {
        ClientExchange waiting = client;
        if (waiting != null && !waiting.isEnded()) {
            if (!waiting.isCommitted()) {
                waiting.closeAfterAnswer();
                waiting.send(answer);
            } else if (isStream) {
                waiting.sendFailure(answer);
            } else {
                waiting.abort(answer);
            }
        }
        forget();
    }
}
