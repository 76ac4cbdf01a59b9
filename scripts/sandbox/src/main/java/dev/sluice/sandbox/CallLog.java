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
    private long size;

    CallLog(int capacity) {
        this.capacity = capacity;
    }

    /** Adds a call and returns its number, counted from 0. */
    long add(long nanoTime, long epochMilli, ParsedChatBody request) {
        if (size == nanoTimes.length && size < capacity) {
            grow((int) Math.min(capacity, size * 2));
        }
        int slot = slotOf(size);
        nanoTimes[slot] = nanoTime;
        epochMillis[slot] = epochMilli;
        bodyHashes[slot] = request.bodyHash();
        textHashes[slot] = ParsedChatBody.hash(request.text());
        modelOf[slot] = modelNumber(request.model());
        statuses[slot] = 0;
        tokens[slot] = 0;
        return size++;
    }

    void recordCharge(long number, int tokenCount) {
        if (number >= oldest()) {
            tokens[slotOf(number)] = tokenCount;
        }
    }

    void recordEnd(long number, int status) {
        if (number >= oldest()) {
            statuses[slotOf(number)] = (short) status;
        }
    }

    int countText(long textHash) {
        int count = 0;
        for (long number = oldest(); number < size; number++) {
            count += textHashes[slotOf(number)] == textHash ? 1 : 0;
        }
        return count;
    }

    /** Returns the latest {@code max} calls, the oldest of them first. */
    List<ReceivedCall> latest(int max) {
        List<ReceivedCall> calls = new ArrayList<>();
        for (long number = Math.max(oldest(), size - max); number < size; number++) {
            int slot = slotOf(number);
            String model = models.get(modelOf[slot]);
            calls.add(new ReceivedCall(
                    nanoTimes[slot], epochMillis[slot], statuses[slot], model, tokens[slot], bodyHashes[slot]));
        }
        return calls;
    }

    long size() {
        return size;
    }

    private long oldest() {
        return Math.max(0, size - nanoTimes.length);
    }

    private int slotOf(long number) {
        return (int) (number % nanoTimes.length);
    }

    private int modelNumber(String model) {
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
