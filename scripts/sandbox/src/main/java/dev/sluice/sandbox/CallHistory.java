package dev.sluice.sandbox;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Records calls and their endings, bounded in calls and in bytes. The class is thread-safe. */
final class CallHistory {
    static final int MAX_CALLS = 1_000_000;
    private static final long MAX_RECEIVED_BYTES = 64L << 20;
    private static final int CALLS_PER_TEXT_KEPT = 100;

    private final int maxCalls;
    private final Map<Integer, Long> byStatus = new TreeMap<>();
    private final LinkedHashMap<String, ReceivedRequest> received = new LinkedHashMap<>();
    private long receivedBytes;
    private CallLog log;
    private @Nullable ReceivedRequest last;
    private long generation;
    private int open;
    private int maxOpen;

    CallHistory(int maxCalls) {
        this.maxCalls = maxCalls;
        this.log = new CallLog(maxCalls);
    }

    /** Identifies an open call. After a {@link #clear} it identifies no recorded call any more. */
    record Ticket(long generation, long number) {}

    synchronized Ticket arrived(long nanoTime, long epochMillis, ParsedChatBody request, ReceivedRequest raw) {
        remember(request.text(), raw);
        open++;
        maxOpen = Math.max(maxOpen, open);
        return new Ticket(generation, log.add(nanoTime, epochMillis, request));
    }

    /** Records that the limiter has admitted the call, and for how many tokens. */
    synchronized void charged(Ticket ticket, int tokens) {
        if (ticket.generation() == generation) {
            log.charged(ticket.number(), tokens);
        }
    }

    /** Records the end of a call. Status 0 means that no whole answer was sent. */
    synchronized void ended(Ticket ticket, int status) {
        open--;
        if (ticket.generation() == generation) {
            byStatus.merge(status, 1L, Long::sum);
            log.ended(ticket.number(), status);
        }
    }

    private void remember(String text, ReceivedRequest raw) {
        last = raw;
        ReceivedRequest before = received.remove(text);
        receivedBytes += raw.sharedBody().length - (before == null ? 0 : before.sharedBody().length);
        received.put(text, raw);
        Iterator<ReceivedRequest> oldest = received.values().iterator();
        while (receivedBytes > MAX_RECEIVED_BYTES || received.size() > maxCalls / CALLS_PER_TEXT_KEPT) {
            receivedBytes -= oldest.next().sharedBody().length;
            oldest.remove();
        }
    }

    synchronized void clear() {
        generation++;
        log = new CallLog(maxCalls);
        byStatus.clear();
        received.clear();
        receivedBytes = 0;
        last = null;
        maxOpen = open;
    }

    synchronized int calls(String text) {
        return log.countText(ParsedChatBody.hash(text));
    }

    synchronized long calls() {
        return log.arrived();
    }

    synchronized Map<Integer, Long> byStatus() {
        return Map.copyOf(byStatus);
    }

    synchronized List<ReceivedCall> latest(int max) {
        return log.latest(max);
    }

    synchronized Optional<ReceivedRequest> received(String text) {
        return Optional.ofNullable(received.get(text));
    }

    synchronized Optional<ReceivedRequest> last() {
        return Optional.ofNullable(last);
    }

    synchronized int open() {
        return open;
    }

    synchronized int maxOpen() {
        return maxOpen;
    }
}
