package dev.sluice.worker.cli.connection;

import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Says once why no answer comes to a command that waits for some. A missing worker is said soon. If there are workers,
 * an answer may simply take long, so what is known of the queue is said later. Not thread-safe.
 */
public final class SilenceNotice {
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final Duration LATER = Duration.ofSeconds(30);

    private final Consumer<String> print;
    private final LongSupplier nanoTime;
    private final QueueLookup lookup;
    private long silentSince;
    private boolean looked;
    private boolean said;

    /** Looks up what the queue looks like. */
    public interface QueueLookup {
        Finding find() throws InterruptedException;
    }

    /**
     * A description of the queue.
     *
     * @param hasProblem true if no answer can come before somebody mends something
     * @param words a sentence for people
     */
    public record Finding(boolean hasProblem, String words) {}

    /**
     * Creates a notice whose time begins now.
     *
     * @param print takes the sentence
     */
    public SilenceNotice(Consumer<String> print, LongSupplier nanoTime, QueueLookup lookup) {
        this.print = print;
        this.nanoTime = nanoTime;
        this.lookup = lookup;
        this.silentSince = nanoTime.getAsLong();
    }

    /** Begins to wait anew, because an answer has come. */
    public void answered() {
        silentSince = nanoTime.getAsLong();
        looked = false;
    }

    /** Is called again and again while the command waits. It blocks for some seconds while it asks Kafka. */
    public void silent() throws InterruptedException {
        Duration silence = Duration.ofNanos(nanoTime.getAsLong() - silentSince);
        boolean isDue = silence.compareTo(looked ? LATER : SOON) >= 0;
        if (said || !isDue) {
            return;
        }
        Finding finding = lookup.find();
        if (finding.hasProblem() || looked) {
            said = true;
            print.accept("no answer for " + silence.toSeconds() + "s: " + finding.words() + ". Still waiting.");
        }
        looked = true;
    }
}
