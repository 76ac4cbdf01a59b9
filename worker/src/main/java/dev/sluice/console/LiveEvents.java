package dev.sluice.console;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Sends events to all pages that are open. A page that takes nothing for a while gets none meanwhile, and the whole
 * history after that. It belongs to the event loop, but for {@link #isWatched}.
 */
final class LiveEvents {
    /** The most pages that are open at once. */
    static final int MAX_PAGES = 100;

    /** The number of events in a row that a page may leave waiting before it is cut off. */
    private static final int MAX_MISSED = 60;

    private final Map<HttpServerResponse, Page> pages = new HashMap<>();
    private final AtomicInteger open = new AtomicInteger();
    private @Nullable Buffer now;
    private @Nullable Buffer history;
    private @Nullable Buffer replay;

    /** Remembers what one page has not got. */
    private static final class Page {
        private boolean needsHistory = true;
        private int missed;
    }

    /** Returns whether a page is open. Any thread may ask. */
    boolean isWatched() {
        return open.get() > 0;
    }

    boolean isFull() {
        return pages.size() >= MAX_PAGES;
    }

    /** Takes over what an earlier process has kept. */
    void takeHistory(Buffer all) {
        history = all;
    }

    /**
     * Sends a page all that is known, and from now on what is new. The head of the answer was set.
     *
     * @param whenClosed runs once the page has gone
     */
    void add(HttpServerResponse response, Runnable whenClosed) {
        Page page = new Page();
        pages.put(response, page);
        open.set(pages.size());
        response.closeHandler(closed -> {
            remove(response);
            whenClosed.run();
        });
        response.exceptionHandler(failure -> remove(response));
        // Browsers wait for the first byte. Two seconds are soon enough to come back after a restart.
        var unused = response.write("retry: 2000\n\n");
        Optional.ofNullable(now).ifPresent(event -> send(response, page, event));
        Optional.ofNullable(replay).ifPresent(event -> send(response, page, event));
    }

    private void remove(HttpServerResponse response) {
        pages.remove(response);
        open.set(pages.size());
    }

    /** Ends the events of all pages. Those that may look come again by themselves. */
    void cutOff() {
        for (HttpServerResponse response : List.copyOf(pages.keySet())) {
            var unused = response.end();
        }
    }

    /** Sends the state of the queue. */
    void now(Buffer event) {
        now = event;
        sendAll(event);
    }

    /** Sends the state of a replay. A page that misses the last one gets it with the history. */
    void replay(Buffer event) {
        replay = event;
        sendAll(event);
    }

    /** Sends one more sample. */
    void sampled(Buffer sample, Buffer all) {
        history = all;
        sendAll(sample);
    }

    private void sendAll(Buffer event) {
        // A write to a connection that is gone may remove its page.
        Map.copyOf(pages).forEach((response, page) -> send(response, page, event));
    }

    private void send(HttpServerResponse response, Page page, Buffer event) {
        if (response.ended() || response.closed()) {
            return;
        }
        if (response.writeQueueFull()) {
            page.needsHistory = true; // this event may be a sample
            page.missed++;
            if (page.missed > MAX_MISSED) {
                var unused = response.reset();
            }
            return;
        }
        page.missed = 0;
        Buffer known = history;
        if (page.needsHistory && known != null) {
            page.needsHistory = false;
            var unused = response.write(known);
            Buffer running = replay;
            if (running != null) {
                var unusedToo = response.write(running);
            }
        }
        var unused = response.write(event);
    }
}
