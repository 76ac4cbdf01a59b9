package dev.sluice.worker.batch;

import java.util.BitSet;

/**
 * The state of every line of a batch: to be sent, under way, or answered. It takes three bits per line. A line is
 * identified by its number in the file. Not thread-safe.
 */
public final class LineStates {
    private final BitSet requests;
    private final BitSet toSend;
    private final BitSet answered = new BitSet();
    private final int total;
    private int answeredCount;
    private int failedCount;
    private AnswerTokens tokens = AnswerTokens.NONE;

    public LineStates(BatchInput input) {
        this.requests = input.requestLines();
        this.toSend = input.requestLines();
        this.total = requests.cardinality();
    }

    public int total() {
        return total;
    }

    /** Returns the number of the last line plus one. */
    int size() {
        return requests.length();
    }

    /** Returns the number of lines that have their answer, ok or failed. */
    public int answeredCount() {
        return answeredCount;
    }

    /** Returns the number of lines whose answer is a failure. */
    public int failedCount() {
        return failedCount;
    }

    /** Returns the sum of the tokens that were counted. */
    public AnswerTokens tokens() {
        return tokens;
    }

    public boolean isComplete() {
        return answeredCount == total;
    }

    /** Tells whether this line holds a request that has no answer yet. */
    boolean isUnanswered(int line) {
        return requests.get(line) && !answered.get(line);
    }

    /** Returns the first line at or after {@code from} that is still to be sent, or −1 if there is none. */
    int nextToSend(int from) {
        return toSend.nextSetBit(from);
    }

    /** Marks a line whose answer is on its way. */
    void markSent(int line) {
        toSend.clear(line);
    }

    /** Marks a line that has to be sent again because its earlier request brought no answer. */
    void markUnsent(int line) {
        if (isUnanswered(line)) {
            toSend.set(line);
        }
    }

    /** Marks a line whose answer is in a file. A second call for the same line changes nothing. */
    void markAnswered(int line, boolean ok) {
        markAnswered(line, ok, AnswerTokens.NONE);
    }

    /** Marks a line like {@link #markAnswered(int, boolean)}, and counts the tokens of its answer. */
    void markAnswered(int line, boolean ok, AnswerTokens used) {
        if (isUnanswered(line)) {
            answered.set(line);
            toSend.clear(line);
            answeredCount++;
            failedCount += ok ? 0 : 1;
            tokens = tokens.plus(used);
        }
    }

    /** Returns the first line without an answer, or the last line plus one if every line has its answer. */
    int firstUnanswered() {
        return firstUnanswered(0);
    }

    /** Returns the first line at or after this one without an answer, or the last line plus one if there is none. */
    int firstUnanswered(int from) {
        int line = requests.nextSetBit(from);
        while (line >= 0 && answered.get(line)) {
            line = requests.nextSetBit(answered.nextClearBit(line));
        }
        return line < 0 ? requests.length() : line;
    }

    /** Tells whether every answered line comes before every unanswered line. */
    public boolean isAnsweredInOrder() {
        return answered.nextSetBit(firstUnanswered()) < 0;
    }
}
