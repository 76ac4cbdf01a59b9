package dev.sluice.worker.intake;

import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongPredicate;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;

/**
 * The account of what was read and is not yet committed, as intake sees it. Its methods send messages, in order, to the
 * thread that settles; none blocks.
 */
public interface OffsetLedger {
    /** The longest wait for {@link #flush}; a longer one would only hold up the whole group. */
    Duration FLUSH_TIMEOUT = Duration.ofSeconds(15);

    /** How a partition begins. */
    sealed interface Opening {
        /**
         * It may be read.
         *
         * @param done offsets that were ended before, out of order; they must not be registered
         */
        record Ready(LongPredicate done) implements Opening {}

        /** The committed metadata cannot be understood, so that requests might end twice: not to be read. */
        record Refused(String why) implements Opening {}
    }

    /**
     * Opens the account of a partition.
     *
     * @param position the first offset that will be read
     * @param committed what the group has committed; its metadata names the offsets done out of order
     */
    Opening open(Assignment assignment, long position, Optional<OffsetAndMetadata> committed);

    /** Records of one partition, in the order of their offsets, that will each be settled. */
    void register(Assignment assignment, Collection<InputRecord> envelopes);

    /** Nothing below {@code position} is still to come, whether or not there were records. */
    void reached(Assignment assignment, long position);

    /**
     * The lowest offset of this assignment's partition that may not be registered yet: its record is kept back. Grows as
     * outcomes are committed; reporting the kept-back offset as {@link #reached} lets it grow past a gap.
     */
    long registerLimit(Assignment assignment);

    /** Records registered and not yet committed, over all partitions. */
    int openRecords();

    /** Their weight in bytes, with the answers among them that wait for their commit. */
    long openBytes();

    /**
     * Completes when everything sent before is committed or discarded, or waits for a reply topic that cannot be written
     * to, and no transaction of it is under way; cancelled where the ledger has ended, since nothing more is committed
     * then.
     */
    CompletableFuture<Void> flush();

    /** Closes these accounts; what they still hold is discarded. */
    void close(Set<Assignment> gone);
}
