package dev.sluice.worker.settle;

import java.util.OptionalLong;

/**
 * An assigned partition at one moment.
 *
 * @param committed the offset that the group has committed
 * @param position the offset that is read next
 * @param open records that were read and are not settled
 * @param fill how much of what may be open at once is, from 0 to 1: at 1 the partition is not read further
 * @param oldestSince epoch ms since which the lowest open record waits; empty where none is open
 */
public record PartitionState(
        String topic, int partition, long committed, long position, int open, double fill, OptionalLong oldestSince) {}
