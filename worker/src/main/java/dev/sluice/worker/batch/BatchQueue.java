package dev.sluice.worker.batch;

import dev.sluice.ChatReply;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Publishes the requests of batches, and reads their replies. Of all processes that have opened it for one directory
 * one runs the batches at a time. It belongs to one thread.
 *
 * <p>Whatever it throws but {@link IOException}, which comes from the listener, is Kafka's. Nothing is lost then: a
 * queue that is opened anew tells from {@link #commit the last commit} on what became of everything.
 */
public interface BatchQueue extends AutoCloseable {
    /** Takes what {@link #poll} finds. */
    interface Listener {
        /** Says that this process runs the batches from now on. */
        void takenOver() throws IOException;

        /** Says that this process does not run them any more. */
        void lost() throws IOException;

        /** Says that the lines of a batch up to this one are on the queue. */
        void sent(String batch, int line) throws IOException;

        void replied(String batch, int line, ChatReply reply) throws IOException;
    }

    /**
     * The headers that the requests of a batch have in common.
     *
     * @param batch the id of the batch, which is their group as well
     * @param expiresAt when they are not called any more
     */
    record Envelope(String batch, Optional<String> tenant, Instant expiresAt) {}

    /** Returns the id of the request of a line. */
    static String requestId(String batch, int line) {
        return batch + "-" + line;
    }

    /** The place of a request in the batches. */
    record Place(String batch, int line) {
        private static final Pattern ID = Pattern.compile("(.+)-([1-9][0-9]{0,8})");

        /** Returns what {@link #requestId} has made the id of, if it has. */
        public static Optional<Place> of(String requestId) {
            Matcher id = ID.matcher(requestId);
            return id.matches() ? Optional.of(new Place(id.group(1), Integer.parseInt(id.group(2)))) : Optional.empty();
        }
    }

    /**
     * Tells the listener what has come.
     *
     * @param takesRecords false to leave replies where they are for now
     */
    void poll(Duration timeout, boolean takesRecords, Listener listener) throws IOException;

    /** Returns true once everything was told that was on the topic of replies when this process took over. */
    boolean isCaughtUp();

    /**
     * Puts lines of a batch on the queue, and says so to whoever takes over. Either both has happened or neither. It
     * ends before a line that is too large for Kafka. Whoever takes over expects a reply to each line up to the last
     * one on the queue, so an answer to such a line has to be safe before the lines behind it are sent.
     *
     * @return how many lines, from the first on, are on the queue now; 0 if the first one is too large
     */
    int send(Envelope envelope, List<BatchLine> lines);

    /** Cancels the requests of a batch that are on the queue. */
    void cancel(String batch);

    /** Takes note that everything that was told is safe. */
    void commit();

    @Override
    void close();
}
