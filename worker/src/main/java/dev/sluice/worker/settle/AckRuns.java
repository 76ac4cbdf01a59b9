package dev.sluice.worker.settle;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.zip.CRC32C;

/**
 * The offsets above a committed one that are done already, as disjoint ascending runs, and the form in which they
 * travel in the metadata of that committed offset. Immutable and thread-safe.
 *
 * <p>The metadata is the text {@code sluice:} and, in base64 without padding, a version byte, a checksum (CRC-32C, 4
 * bytes, over the committed offset and what follows) and lengths: open, done, open, done, … from the committed offset
 * up, each length minus one as a little-endian base-128 varint. It always ends with a done length; no runs are the
 * empty string. Every set of runs has exactly one text; a change of the format needs a new version.
 *
 * <p>The committed offset is part of the checksum since the lengths mean nothing beside another one, and tools that
 * move a group to other offsets may carry the metadata along (MirrorMaker's checkpoints do).
 */
public final class AckRuns {
    private static final String MAGIC = "sluice:";
    private static final byte VERSION = 1;
    private static final int HEADER_BYTES = Byte.BYTES + Integer.BYTES;
    private static final long MALFORMED = -1;

    /** The longest metadata an {@link AckWindow} leads to, in characters; the rest of the broker's 4,096 is spare. */
    static final int MAX_ENCODED_SIZE = 4_000;

    /** The bytes that the lengths take in metadata of {@link #MAX_ENCODED_SIZE}. */
    static final int MAX_LENGTH_BYTES = (MAX_ENCODED_SIZE - MAGIC.length()) * 3 / 4 - HEADER_BYTES;

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
     * @param bounds start (inclusive) and end (exclusive) of each run, strictly ascending: runs neither touch nor are
     *     empty
     */
    static AckRuns of(long... bounds) {
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
        ByteBuffer out = ByteBuffer.allocate(HEADER_BYTES + lengthBytes(committed));
        out.put(VERSION).putInt(0);
        long from = committed;
        for (long bound : bounds) {
            writeLength(out, bound - from);
            from = bound;
        }
        out.putInt(Byte.BYTES, checksum(committed, out.flip().slice(HEADER_BYTES, out.limit() - HEADER_BYTES)));
        return MAGIC + Base64.getEncoder().withoutPadding().encodeToString(out.array());
    }

    /** Reads the metadata beside {@code committed}. Never throws, whatever the text; needs memory in proportion. */
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
        // One text per set of runs: this compares the checksum and refuses padding, stray bits and overlong varints.
        return !runs.isEmpty() && runs.encode(committed).equals(metadata) ? new Runs(runs) : new Corrupt();
    }

    /** {@link #NONE} where the lengths make no sense. */
    private static AckRuns readRuns(byte[] bytes, long committed) {
        ByteBuffer in = ByteBuffer.wrap(bytes).position(HEADER_BYTES);
        long[] bounds = new long[in.remaining()];
        int count = 0;
        long bound = committed;
        while (in.hasRemaining()) {
            long length = readLength(in);
            if (length < 1 || length > Long.MAX_VALUE - bound) {
                return NONE;
            }
            bound += length;
            bounds[count++] = bound;
        }
        return count % 2 == 0 ? new AckRuns(Arrays.copyOf(bounds, count)) : NONE;
    }

    private static long readLength(ByteBuffer in) {
        long lengthMinusOne = 0;
        for (int shift = 0; shift < Long.SIZE - 1 && in.hasRemaining(); shift += 7) {
            byte group = in.get();
            lengthMinusOne |= (long) (group & 0x7f) << shift;
            if (group >= 0) {
                return lengthMinusOne + 1;
            }
        }
        return MALFORMED;
    }

    private static void writeLength(ByteBuffer out, long length) {
        long rest = length - 1;
        for (; rest > 0x7f; rest >>>= 7) {
            out.put((byte) (rest | 0x80));
        }
        out.put((byte) rest);
    }

    private static int checksum(long committed, ByteBuffer lengths) {
        CRC32C crc = new CRC32C();
        crc.update(ByteBuffer.allocate(Long.BYTES).putLong(committed).flip());
        crc.update(lengths);
        return (int) crc.getValue();
    }

    private int lengthBytes(long committed) {
        int size = 0;
        long from = committed;
        for (long bound : bounds) {
            size += lengthBytes(from, bound);
            from = bound;
        }
        return size;
    }

    /** Bytes that the length from {@code from} to {@code to} takes, 1 to 9; 0 where the two are equal. */
    static int lengthBytes(long from, long to) {
        if (from == to) {
            return 0;
        }
        return Math.max(1, (Long.SIZE - Long.numberOfLeadingZeros(to - from - 1) + 6) / 7);
    }

    /** Characters of metadata whose lengths take {@code lengthBytes}. */
    static long encodedSize(long lengthBytes) {
        return MAGIC.length() + ((HEADER_BYTES + lengthBytes) * 4 + 2) / 3;
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
