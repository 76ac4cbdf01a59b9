package dev.sluice.worker.batch;

import java.util.BitSet;

/**
 * How far each line of a batch is, in two bits a line: still to be sent, under way, or answered. Lines go by their numbers
 * in the file. Not thread-safe.
 */
public final class LineStates {
    private final BitSet lines;
    private final BitSet toSend;
    private final BitSet answered = new BitSet();
    private final int total;
    private int done;
    private int failed;

    public LineStates(BatchInput input) {
        this.lines = input.numbers();
        this.toSend = input.numbers();
        this.total = lines.cardinality();
    }

    public int total() {
        return total;
    }

    /** One more than the number of the last line. */
    public int size() {
        return lines.length();
    }

    /** How many lines have their answer, ok or failed. */
    public int done() {
        return done;
    }

    public int failed() {
        return failed;
    }

    /** Whether a request is on this line and has no answer yet. */
    public boolean isOpen(int line) {
        return lines.get(line) && !answered.get(line);
    }

    /** The first line from this one on that is still to be sent; −1 where there is none. */
    public int nextToSend(int from) {
        return toSend.nextSetBit(from);
    }

    /** Its answer is on the way. */
    public void sent(int line) {
        toSend.clear(line);
    }

    /** No answer will come of what was sent. */
    public void sendAgain(int line) {
        if (isOpen(line)) {
            toSend.set(line);
        }
    }

    /** Its answer is in a file. A second one changes nothing. */
    public void answered(int line, boolean ok) {
        if (isOpen(line)) {
            answered.set(line);
            toSend.clear(line);
            done++;
            failed += ok ? 0 : 1;
        }
    }

    /** The first line without an answer; one behind the last line where all have theirs. */
    public int firstOpen() {
        return firstOpen(0);
    }

    /** The same, where all lines before {@code from} have their answers. */
    int firstOpen(int from) {
        int line = lines.nextSetBit(from);
        while (line >= 0 && answered.get(line)) {
            line = lines.nextSetBit(answered.nextClearBit(line));
        }
        return line < 0 ? lines.length() : line;
    }

    /** Whether no line with an answer lies behind one without. */
    public boolean isAnsweredInOrder() {
        return answered.nextSetBit(firstOpen()) < 0;
    }
}
