package dev.sluice.worker.settle;

import java.util.OptionalLong;

/**
 * The state of an assigned partition at one moment. Immutable.
 *
 * @param committed the offset that the group has committed
 * @param position the offset that is read next
 * @param open the number of records that were read and are not settled
 * @param fill the used part of what may be open at once, from 0 to 1. At 1 the partition is not read further
 * @param oldestSince the epoch ms since which the lowest open record waits, or empty if none is open
 */
public record PartitionState(
        String topic, int partition, long committed, long position, int open, double fill, OptionalLong oldestSince) {}
