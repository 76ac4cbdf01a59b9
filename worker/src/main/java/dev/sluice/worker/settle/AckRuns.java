package dev.sluice.worker.settle;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.BitSet;
import java.util.zip.CRC32C;

/**
 * The done offsets above a committed one, as disjoint ascending runs. Encodes them into the metadata of that committed
 * offset and decodes them again. Immutable and thread-safe.
 *
 * <p>The metadata is the text {@code sluice:} followed by base64 without padding of three parts:
 * <ol>
 *   <li>a version byte
 *   <li>a checksum of 4 bytes, which is CRC-32C over the committed offset and the third part
 *   <li>lengths of the runs from the committed offset up, alternating open, done, open, done
 * </ol>
 * Each length is written in bits, as an Exp-Golomb code of order 1 (see {@link #lengthBits}). The lowest bit of each
 * byte comes first. The last length is always a done one. Zero bytes at the end are left out. No runs are the empty
 * string. Every set of runs has exactly one text. A change of the format needs a new version.
 *
 * <p>The worst case is what counts, and there every other offset is done. Bits are used because of it. At two bits per
 * offset a partition holds four times as many open offsets as at a byte.
 *
 * <p>The committed offset is part of the checksum because the lengths mean nothing beside another offset. Tools that
 * move a group to other offsets may carry the metadata along, as MirrorMaker's checkpoints do.
 */
public final class AckRuns {
    private static final String MAGIC = "sluice:";
    private static final byte VERSION = 1;
    private static final int HEADER_BYTES = Byte.BYTES + Integer.BYTES;

    /** The longest metadata of an {@link AckWindow}, in characters. The rest of the broker's 4,096 is spare. */
    static final int MAX_ENCODED_SIZE = 4_000;

    /** The bits for lengths in metadata of {@link #MAX_ENCODED_SIZE}. */
    static final int MAX_LENGTH_BITS = ((MAX_ENCODED_SIZE - MAGIC.length()) * 3 / 4 - HEADER_BYTES) * Byte.SIZE;

    /** An instance without runs. No offset above the committed one is done. */
    public static final AckRuns NONE = new AckRuns(new long[0]);

    private final long[] bounds;

    private AckRuns(long[] bounds) {
        this.bounds = bounds;
    }

    /** The result of decoding the metadata of a committed offset. */
    public sealed interface Decoded {}

    /** Valid metadata of Sluice. Empty metadata is decoded to {@link AckRuns#NONE}. */
    public record Runs(AckRuns runs) implements Decoded {}

    /** Metadata of another tool. It says nothing about our records and is ignored with a warning. */
    public record Foreign() implements Decoded {}

    /**
     * Metadata of another release of Sluice. It must not be ignored, since requests that it lists as done would be
     * called and answered again.
     */
    public record UnknownVersion(int version) implements Decoded {}

    /** Metadata of Sluice that is damaged or beside the wrong offset. It must not be ignored for the same reason. */
    public record Corrupt() implements Decoded {}

    /**
     * Returns the runs with these bounds.
     *
     * @param bounds start (inclusive) and end (exclusive) of each run. They ascend strictly, so that runs neither
     *     touch nor are empty
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

    /** Returns a copy of the bounds, as {@link #of} takes them. */
    long[] bounds() {
        return bounds.clone();
    }

    /** Returns whether this offset is in one of the runs. */
    public boolean contains(long offset) {
        int at = Arrays.binarySearch(bounds, offset);
        // bounds at or below the offset; their number is odd inside a run
        int passed = at >= 0 ? at + 1 : -at - 1;
        return passed % 2 == 1;
    }

    /** Counts the offsets from {@code from} (inclusive) to {@code to} (exclusive) that are in one of the runs. */
    public long count(long from, long to) {
        long count = 0;
        for (int i = 0; i < bounds.length; i += 2) {
            count += Math.max(0, Math.min(to, bounds[i + 1]) - Math.max(from, bounds[i]));
        }
        return count;
    }

    /** Returns the end (exclusive) of the last run, or 0 if there is none. */
    long end() {
        return isEmpty() ? 0 : bounds[bounds.length - 1];
    }

    public boolean isEmpty() {
        return bounds.length == 0;
    }

    /**
     * Returns the metadata to commit beside {@code committed}.
     *
     * @throws IllegalArgumentException if a run starts at or below {@code committed}, since that offset would be done
     *     itself
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

    /** Returns whether a worker has written this metadata. */
    public static boolean isIn(String metadata) {
        return metadata.startsWith(MAGIC);
    }

    /** Decodes the metadata beside {@code committed}. It never throws and takes memory in proportion to the text. */
    public static Decoded decode(String metadata, long committed) {
        if (metadata.isEmpty()) {
            return new Runs(NONE);
        }
        if (!isIn(metadata)) {
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
        // every set of runs has one text, so this compares the checksum and also finds padding and stray bits
        return !runs.isEmpty() && runs.encode(committed).equals(metadata) ? new Runs(runs) : new Corrupt();
    }

    /** Reads the lengths. Returns {@link #NONE} if they make no sense. */
    private static AckRuns readRuns(byte[] bytes, long committed) {
        BitSet bits = BitSet.valueOf(ByteBuffer.wrap(bytes).position(HEADER_BYTES));
        long[] bounds = new long[bits.length()];
        int count = 0;
        long bound = committed;
        int at = 0;
        // every length has a set bit, so another set bit means another length
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

    /** Reads the binary digits behind the leading one of length + 1, and returns the length. */
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

    /**
     * Writes length + 1. If d binary digits follow its leading one, d - 1 zeros come first, then the one and the
     * digits.
     */
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
     * Returns the bits that the length <i>n</i> from {@code from} to {@code to} takes. This is twice the number of
     * binary digits of <i>n</i> + 1 that follow the first. So it is 2 for the lengths 1 and 2, 4 for 3 to 6, and at
     * most 126. It is 0 if {@code from} and {@code to} are equal.
     */
    static int lengthBits(long from, long to) {
        return from == to ? 0 : 2 * (Long.SIZE - 1 - Long.numberOfLeadingZeros(to - from + 1));
    }

    /** Returns the most characters of metadata whose lengths take {@code lengthBits}. */
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

    /** Returns text such as {@code [12,15) [17,18)}. */
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
