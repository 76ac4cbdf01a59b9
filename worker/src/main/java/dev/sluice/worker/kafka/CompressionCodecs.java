package dev.sluice.worker.kafka;

import dev.sluice.worker.text.RootCause;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.internals.BufferSupplier;
import org.apache.kafka.common.utils.internals.ByteBufferOutputStream;

/**
 * Tells whether this host can unpack what producers compress. The libraries of snappy and zstd are native, and they
 * fail where they cannot be written to disk and loaded from there. Stateless.
 */
public final class CompressionCodecs {
    private static final List<String> NAMES = List.of("gzip", "snappy", "lz4", "zstd");
    private static final byte[] TEXT = "to be packed and unpacked".getBytes(StandardCharsets.UTF_8);

    private CompressionCodecs() {}

    /** Tries each codec, which loads its library. Returns a sentence with the remedy for each that fails. */
    public static List<String> problems() {
        List<String> problems = new ArrayList<>();
        for (String name : NAMES) {
            try {
                if (!Arrays.equals(unpacked(name), TEXT)) {
                    problems.add("this host unpacks " + name + " wrongly");
                }
            } catch (VirtualMachineError noMemory) {
                throw noMemory;
            } catch (IOException | RuntimeException | Error failure) {
                problems.add("this host cannot unpack records that are compressed with " + name + " ("
                        + rootCause(failure) + "); " + remedy());
            }
        }
        return problems;
    }

    private static byte[] unpacked(String name) throws IOException {
        Compression codec = Compression.of(name).build();
        ByteBufferOutputStream packed = new ByteBufferOutputStream(TEXT.length);
        try (OutputStream out = codec.wrapForOutput(packed, RecordBatch.CURRENT_MAGIC_VALUE)) {
            out.write(TEXT);
        }
        ByteBuffer bytes = packed.buffer();
        bytes.flip();
        try (InputStream in = codec.wrapForInput(bytes, RecordBatch.CURRENT_MAGIC_VALUE, BufferSupplier.NO_CACHING)) {
            return in.readAllBytes();
        }
    }

    /**
     * Returns a sentence with the remedy if a library of this host is the reason why records could not be read. A
     * damaged record never causes an {@link Error} except for want of memory. What cannot be loaded does: a
     * {@link LinkageError}, or the error that snappy has of its own for a host without its library.
     */
    public static Optional<String> hostProblem(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof Error && !(cause instanceof VirtualMachineError)) {
                return Optional.of(
                        "this host cannot unpack compressed records (" + rootCause(cause) + "); " + remedy());
            }
        }
        return Optional.empty();
    }

    private static String remedy() {
        return "the libraries of snappy and zstd are unpacked into the folder for temporary files, "
                + System.getProperty("java.io.tmpdir") + ", which must exist, be writable and not be mounted noexec; "
                + "choose another: JAVA_OPTS='-Dorg.xerial.snappy.tempdir=DIR -DZstdTempFolder=DIR'";
    }

    private static String rootCause(Throwable failure) {
        Throwable root = RootCause.of(failure);
        String message = root.getMessage() == null
                ? ""
                : ": " + root.getMessage().lines().findFirst().orElse("");
        return root.getClass().getSimpleName() + message;
    }
}
