package dev.sluice.worker.settle;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.BitSet;
import java.util.zip.CRC32C;

/**
 * The offsets above a committed one that are done already, as disjoint ascending runs, and the form in which they
 * travel in the metadata of that committed offset. Immutable and thread-safe.
 *
 * <p>The metadata is the text {@code sluice:} and, in base64 without padding, a version byte, a checksum (CRC-32C, 4
 * bytes, over the committed offset and what follows) and lengths: open, done, open, done, … from the committed offset
 * up, in bits (Exp-Golomb code of order 1, see {@link #lengthBits}), the lowest bit of each byte first. It always ends
 * with a done length; zero bytes at the end are left out; no runs are the empty string. Every set of runs has exactly
 * one text; a change of the format needs a new version.
 *
 * <p>Bits rather than bytes, since what counts is the worst case, when every other offset is done: two bits an offset
 * let a partition hold four times as many open ones as a byte would.
 *
 * <p>The committed offset is part of the checksum since the lengths mean nothing beside another one, and tools that
 * move a group to other offsets may carry the metadata along (MirrorMaker's checkpoints do).
 */
public final class AckRuns {
    private static final String MAGIC = "sluice:";
    private static final byte VERSION = 1;
    private static final int HEADER_BYTES = Byte.BYTES + Integer.BYTES;

    /** The longest metadata an {@link AckWindow} leads to, in characters; the rest of the broker's 4,096 is spare. */
    static final int MAX_ENCODED_SIZE = 4_000;

    /** The bits that the lengths take in metadata of {@link #MAX_ENCODED_SIZE}. */
    static final int MAX_LENGTH_BITS = ((MAX_ENCODED_SIZE - MAGIC.length()) * 3 / 4 - HEADER_BYTES) * Byte.SIZE;

    /** No offset above the committed one is done. */
    public static final AckRuns NONE = new AckRuns(new long[0]);

    private final long[] bounds;

    private AckRuns(long[] bounds) {
        this.bounds = bounds;
    }

    /** What the metadata of a committed offset turned out to be. */
    public sealed interface Decoded {}

    /** Our own, and sound. Empty metadata is this, with {@link AckRuns#NONE}. */
    public record Runs(AckRuns runs) implements Decoded {}

    /** Somebody else's: says nothing about our records, to be ignored with a warning. */
    public record Foreign() implements Decoded {}

    /** Our own, from another release. Must not be ignored: what it lists as done would be called and answered again. */
    public record UnknownVersion(int version) implements Decoded {}

    /** Our own, but damaged or beside another offset than its own. Must not be ignored either, for the same reason. */
    public record Corrupt() implements Decoded {}

    /**
     * The runs with these bounds.
     *
     * @param bounds start (inclusive) and end (exclusive) of each run, strictly ascending: runs neither touch nor are
     *     empty
     */
    public static AckRuns of(long... bounds) {
        for (int i = 1; i < bounds.length; i++) {
            if (bounds[i] <= bounds[i - 1]) {
                throw new IllegalArgumentException("bounds do not ascend: " + Arrays.toString(bounds));
            }
        }
        if (bounds.length % 2 != 0) {
            throw new IllegalArgumentException("a run has no end: " + Arrays.toString(bounds));
        }
        return bounds.length == 0 ? NONE : new AckRuns(bounds.clone());
    }

    /** Start (inclusive) and end (exclusive) of each run, strictly ascending; a copy. */
    long[] bounds() {
        return bounds.clone();
    }

    /** Whether this offset is in one of the runs. */
    public boolean contains(long offset) {
        int at = Arrays.binarySearch(bounds, offset);
        int passed = at >= 0 ? at + 1 : -at - 1; // bounds at or below the offset: odd inside a run
        return passed % 2 == 1;
    }

    /** How many offsets from {@code from} (inclusive) to {@code to} (exclusive) are in one of the runs. */
    public long count(long from, long to) {
        long count = 0;
        for (int i = 0; i < bounds.length; i += 2) {
            count += Math.max(0, Math.min(to, bounds[i + 1]) - Math.max(from, bounds[i]));
        }
        return count;
    }

    public boolean isEmpty() {
        return bounds.length == 0;
    }

    /**
     * The metadata to commit beside {@code committed}.
     *
     * @throws IllegalArgumentException if a run starts at or below {@code committed}: that offset would be done itself
     */
    public String encode(long committed) {
        if (isEmpty()) {
            return "";
        }
        if (bounds[0] <= committed) {
            throw new IllegalArgumentException("committed offset " + committed + " is not below " + this);
        }
        byte[] lengths = lengths(committed).toByteArray();
        byte[] bytes = ByteBuffer.allocate(HEADER_BYTES + lengths.length)
                .put(VERSION)
                .putInt(checksum(committed, lengths))
                .put(lengths)
                .array();
        return MAGIC + Base64.getEncoder().withoutPadding().encodeToString(bytes);
    }

    /** Reads the metadata beside {@code committed}. Never throws, whatever the text; needs memory in proportion to it. */
    public static Decoded decode(String metadata, long committed) {
        if (metadata.isEmpty()) {
            return new Runs(NONE);
        }
        if (!metadata.startsWith(MAGIC)) {
            return new Foreign();
        }
        byte[] bytes;
        try {
            bytes = Base64.getDecoder().decode(metadata.substring(MAGIC.length()));
        } catch (IllegalArgumentException notBase64) {
            return new Corrupt();
        }
        if (bytes.length > 0 && bytes[0] != VERSION) {
            return new UnknownVersion(Byte.toUnsignedInt(bytes[0]));
        }
        AckRuns runs = bytes.length > HEADER_BYTES ? readRuns(bytes, committed) : NONE;
        // One text per set of runs: this compares the checksum and refuses padding and stray bits.
        return !runs.isEmpty() && runs.encode(committed).equals(metadata) ? new Runs(runs) : new Corrupt();
    }

    /** {@link #NONE} where the lengths make no sense. */
    private static AckRuns readRuns(byte[] bytes, long committed) {
        BitSet bits = BitSet.valueOf(ByteBuffer.wrap(bytes).position(HEADER_BYTES));
        long[] bounds = new long[bits.length()];
        int count = 0;
        long bound = committed;
        int at = 0;
        // every length has a set bit, so that there is another one as long as there is another set bit
        for (int first = bits.nextSetBit(0); first >= 0; first = bits.nextSetBit(at)) {
            int digits = first - at + 1;
            long length = digits < Long.SIZE ? readLength(bits, first, digits) : 0;
            if (length < 1 || length > Long.MAX_VALUE - bound) {
                return NONE;
            }
            bound += length;
            bounds[count++] = bound;
            at = first + digits + 1;
        }
        return count % 2 == 0 ? new AckRuns(Arrays.copyOf(bounds, count)) : NONE;
    }

    /** The number with these binary digits behind its leading one, less one. */
    private static long readLength(BitSet bits, int first, int digits) {
        long lengthPlusOne = 1;
        for (int i = 1; i <= digits; i++) {
            lengthPlusOne = lengthPlusOne << 1 | (bits.get(first + i) ? 1 : 0);
        }
        return lengthPlusOne - 1;
    }

    private BitSet lengths(long committed) {
        BitSet bits = new BitSet();
        int at = 0;
        long from = committed;
        for (long bound : bounds) {
            writeLength(bits, at, bound - from);
            at += lengthBits(from, bound);
            from = bound;
        }
        return bits;
    }

    /** As many zeros as the digits behind the leading one, less one; the leading one; those digits. */
    private static void writeLength(BitSet bits, int at, long length) {
        long lengthPlusOne = length + 1; // unsigned: the greatest length makes it 2^63
        int digits = Long.SIZE - 1 - Long.numberOfLeadingZeros(lengthPlusOne);
        for (int i = 0; i <= digits; i++) {
            bits.set(at + digits - 1 + i, (lengthPlusOne >>> (digits - i) & 1) == 1);
        }
    }

    private static int checksum(long committed, byte[] lengths) {
        CRC32C crc = new CRC32C();
        crc.update(ByteBuffer.allocate(Long.BYTES).putLong(committed).flip());
        crc.update(lengths);
        return (int) crc.getValue();
    }

    /**
     * Bits that the length <i>n</i> from {@code from} to {@code to} takes: twice the binary digits of <i>n</i> + 1 that
     * follow the first, so 2 for 1 and 2, 4 for 3 to 6, up to 126; 0 where the two are equal.
     */
    static int lengthBits(long from, long to) {
        return from == to ? 0 : 2 * (Long.SIZE - 1 - Long.numberOfLeadingZeros(to - from + 1));
    }

    /** The most characters of metadata whose lengths take {@code lengthBits}. */
    static long encodedSize(long lengthBits) {
        long bytes = HEADER_BYTES + (lengthBits + Byte.SIZE - 1) / Byte.SIZE;
        return MAGIC.length() + (bytes * 4 + 2) / 3;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof AckRuns runs && Arrays.equals(bounds, runs.bounds);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bounds);
    }

    /** {@code [12,15) [17,18)}. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < bounds.length; i += 2) {
            text.append(i == 0 ? "[" : " [")
                    .append(bounds[i])
                    .append(',')
                    .append(bounds[i + 1])
                    .append(')');
        }
        return text.toString();
    }
}
