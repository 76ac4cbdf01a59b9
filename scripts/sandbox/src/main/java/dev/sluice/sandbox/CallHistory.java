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
    private static final long MAX_KEPT_BYTES = 64L << 20;
    private static final int CALLS_PER_KEPT_TEXT = 100;

    private final int maxCalls;
    private final Map<Integer, Long> byStatus = new TreeMap<>();
    private final LinkedHashMap<String, ReceivedRequest> lastRequestByText = new LinkedHashMap<>();
    private long keptBytes;
    private CallLog log;
    private @Nullable ReceivedRequest lastRequest;
    private long generation;
    private int open;
    private int maxOpen;

    CallHistory(int maxCalls) {
        this.maxCalls = maxCalls;
        this.log = new CallLog(maxCalls);
    }

    /** Identifies an open call. After a {@link #clear} it identifies no recorded call any more. */
    record Ticket(long generation, long number) {}

    synchronized Ticket recordArrival(long nanoTime, long epochMillis, ParsedChatBody request, ReceivedRequest raw) {
        keep(request.text(), raw);
        open++;
        maxOpen = Math.max(maxOpen, open);
        return new Ticket(generation, log.add(nanoTime, epochMillis, request));
    }

    /** Records that the limiter has admitted the call, and for how many tokens. */
    synchronized void recordCharge(Ticket ticket, int tokens) {
        if (ticket.generation() == generation) {
            log.recordCharge(ticket.number(), tokens);
        }
    }

    /** Records the end of a call. Status 0 means that no whole answer was sent. */
    synchronized void recordEnd(Ticket ticket, int status) {
        open--;
        if (ticket.generation() == generation) {
            byStatus.merge(status, 1L, Long::sum);
            log.recordEnd(ticket.number(), status);
        }
    }

    private void keep(String text, ReceivedRequest raw) {
        lastRequest = raw;
        ReceivedRequest before = lastRequestByText.remove(text);
        keptBytes += raw.sharedBody().length - (before == null ? 0 : before.sharedBody().length);
        lastRequestByText.put(text, raw);
        Iterator<ReceivedRequest> oldest = lastRequestByText.values().iterator();
        while (keptBytes > MAX_KEPT_BYTES || lastRequestByText.size() > maxCalls / CALLS_PER_KEPT_TEXT) {
            keptBytes -= oldest.next().sharedBody().length;
            oldest.remove();
        }
    }

    synchronized void clear() {
        generation++;
        log = new CallLog(maxCalls);
        byStatus.clear();
        lastRequestByText.clear();
        keptBytes = 0;
        lastRequest = null;
        maxOpen = open;
    }

    synchronized int calls(String text) {
        return log.countText(ParsedChatBody.hash(text));
    }

    synchronized long calls() {
        return log.size();
    }

    synchronized Map<Integer, Long> byStatus() {
        return Map.copyOf(byStatus);
    }

    synchronized List<ReceivedCall> latest(int max) {
        return log.latest(max);
    }

    synchronized Optional<ReceivedRequest> lastRequest(String text) {
        return Optional.ofNullable(lastRequestByText.get(text));
    }

    synchronized Optional<ReceivedRequest> lastRequest() {
        return Optional.ofNullable(lastRequest);
    }

    synchronized int open() {
        return open;
    }

    synchronized int maxOpen() {
        return maxOpen;
    }
}
