package dev.sluice.worker.batch;

import dev.sluice.ChatReply;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;

/**
 * The requests that previous runs of a batch have published, and their replies, which may still be to come. Not
 * thread-safe.
 */
public interface PreviousRun extends AutoCloseable {
    /** A previous run that published nothing. */
    PreviousRun NONE = new PreviousRun() {
        @Override
        public void catchUp(Listener listener) {}

        @Override
        public void poll(Listener listener) {}

        @Override
        public void close() {}
    };

    /** Receives what is found. A line is identified by its number. It may be a line that the batch does not have. */
    interface Listener {
        void published(int line);

        /** Receives a reply, which may come before the call of {@link #published} for the same line. */
        void replied(int line, ChatReply reply) throws IOException;

        /** Is asked from time to time. The search ends when it returns false. */
        boolean shouldContinue();
    }

    /** Thrown when this user may not read the topics. Its cause is Kafka's exception. */
    final class DeniedException extends RuntimeException {
        private final List<String> topics;

        public DeniedException(List<String> topics, AuthorizationException cause) {
            super(cause);
            this.topics = List.copyOf(topics);
        }

        public List<String> topics() {
            return topics;
        }
    }

    /** Thrown when nothing more could be read for too long. */
    final class StalledException extends RuntimeException {
        private final List<TopicPartition> unfinished;
        private final Duration patience;

        public StalledException(List<TopicPartition> unfinished, Duration patience) {
            super("could not read " + unfinished + " to the end");
            this.unfinished = List.copyOf(unfinished);
            this.patience = patience;
        }

        /** Returns the partitions that have not been read to the end. */
        public List<TopicPartition> unfinished() {
            return unfinished;
        }

        /** Returns the time for which nothing more could be read. */
        public Duration patience() {
            return patience;
        }
    }

    /**
     * Reports everything that is in the queue now.
     *
     * @throws DeniedException if this user may not read the topics
     * @throws StalledException if nothing more can be read for too long
     */
    void catchUp(Listener listener) throws IOException;

    /** Reports the replies that have come since the last call, without waiting for any. */
    void poll(Listener listener) throws IOException;

    @Override
    void close();
}
