package dev.sluice.sandbox;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Stores the latest calls in columns of 42 bytes per call. The columns grow up to a capacity and then overwrite the
 * oldest calls. The class is not thread-safe: {@link CallHistory} owns it.
 */
final class CallLog {
    private final int capacity;
    private final Map<String, Integer> modelNumbers = new LinkedHashMap<>();
    private final List<String> models = new ArrayList<>();
    private long[] nanoTimes = new long[1024];
    private long[] epochMillis = new long[1024];
    private long[] bodyHashes = new long[1024];
    private long[] textHashes = new long[1024];
    private int[] modelOf = new int[1024];
    private short[] statuses = new short[1024];
    private int[] tokens = new int[1024];
    private long arrived;

    CallLog(int capacity) {
        this.capacity = capacity;
    }

    /** Adds a call and returns its number, counted from 0. */
    long add(long nanoTime, long epochMilli, ParsedChatBody request) {
        if (arrived == nanoTimes.length && arrived < capacity) {
            grow((int) Math.min(capacity, arrived * 2));
        }
        int at = place(arrived);
        nanoTimes[at] = nanoTime;
        epochMillis[at] = epochMilli;
        bodyHashes[at] = request.bodyHash();
        textHashes[at] = ParsedChatBody.hash(request.text());
        modelOf[at] = number(request.model());
        statuses[at] = 0;
        tokens[at] = 0;
        return arrived++;
    }

    void charged(long number, int tokenCount) {
        if (number >= oldest()) {
            tokens[place(number)] = tokenCount;
        }
    }

    void ended(long number, int status) {
        if (number >= oldest()) {
            statuses[place(number)] = (short) status;
        }
    }

    int countText(long textHash) {
        int count = 0;
        for (long number = oldest(); number < arrived; number++) {
            count += textHashes[place(number)] == textHash ? 1 : 0;
        }
        return count;
    }

    /** Returns the latest {@code max} calls, the oldest of them first. */
    List<ReceivedCall> latest(int max) {
        List<ReceivedCall> calls = new ArrayList<>();
        for (long number = Math.max(oldest(), arrived - max); number < arrived; number++) {
            int at = place(number);
            String model = models.get(modelOf[at]);
            calls.add(
                    new ReceivedCall(nanoTimes[at], epochMillis[at], statuses[at], model, tokens[at], bodyHashes[at]));
        }
        return calls;
    }

    long arrived() {
        return arrived;
    }

    private long oldest() {
        return Math.max(0, arrived - nanoTimes.length);
    }

    private int place(long number) {
        return (int) (number % nanoTimes.length);
    }

    private int number(String model) {
        return modelNumbers.computeIfAbsent(model, name -> {
            models.add(name);
            return models.size() - 1;
        });
    }

    /** Enlarges the columns. It runs only before the first overwrite, so that every call keeps its slot. */
    private void grow(int size) {
        nanoTimes = Arrays.copyOf(nanoTimes, size);
        epochMillis = Arrays.copyOf(epochMillis, size);
        bodyHashes = Arrays.copyOf(bodyHashes, size);
        textHashes = Arrays.copyOf(textHashes, size);
        modelOf = Arrays.copyOf(modelOf, size);
        statuses = Arrays.copyOf(statuses, size);
        tokens = Arrays.copyOf(tokens, size);
    }
}
