package dev.sluice.worker.intake;

import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;

/**
 * Keeps account of the offsets that are read and not yet committed.
 *
 * <p>This is intake's view of settle. The methods send messages in order to the settle thread, and none of them blocks.
 */
public interface OffsetLedger {
    /** The longest wait for {@link #flush}. A longer one would only hold up the whole group. */
    Duration FLUSH_TIMEOUT = Duration.ofSeconds(15);

    /** The result of opening a partition. */
    sealed interface Opening {
        /**
         * The partition may be read.
         *
         * @param done tells offsets that were done before, out of order; they must not be registered
         * @param restoredEnd the end of those offsets, up to which an earlier owner had read
         */
        record Ready(LongPredicate done, long restoredEnd) implements Opening {}

        /**
         * The partition must not be read. Its committed metadata cannot be understood, so that requests might end
         * twice.
         */
        record Refused(String why) implements Opening {}
    }

    /**
     * Opens a partition.
     *
     * @param position the first offset that will be read
     * @param committed the offset that the group has committed; its metadata names the offsets done out of order
     */
    Opening open(Assignment assignment, long position, Optional<OffsetAndMetadata> committed);

    /** Registers records of one partition, in the order of their offsets. Each of them will be settled. */
    void register(Assignment assignment, Collection<InputRecord> records);

    /** Reports that no record below {@code position} is still to come, even where offsets have no record. */
    void reached(Assignment assignment, long position);

    /**
     * Returns the lowest offset of the partition that may not be registered yet. Its record is kept back.
     *
     * <p>The limit grows as outcomes are committed. Reporting the kept-back offset as {@link #reached} lets it grow
     * past a gap.
     */
    long registerLimit(Assignment assignment);

    /**
     * Names who hears of each registered record once it is not open any more, because its outcome is committed or its
     * partition is gone. The settle thread calls it.
     */
    void onClosed(Consumer<InputRecord> listener);

    /** Returns the bytes of the answers that wait for their commit, to requests of all classes. */
    long answerBytes();

    /**
     * Commits everything sent before.
     *
     * @return completes when no transaction is under way and every outcome sent before is committed, is discarded or
     *     waits for an unavailable reply topic; cancelled if the ledger has ended, since it commits nothing more
     */
    CompletableFuture<Void> flush();

    /** Closes partitions and discards their open offsets. */
    void close(Set<Assignment> gone);
}
