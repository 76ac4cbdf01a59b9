package dev.sluice.worker.cli.submit;

import dev.sluice.worker.cli.options.ConfigFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Copies a stream to a file, which can be read more than once. The file is deleted at the end of the process. */
final class StreamCopy {
    private static final String FOLDER = "java.io.tmpdir";

    private StreamCopy() {}

    /** Thrown when the copy cannot be written. The message names the folder and what to do. */
    static final class UnwritableException extends IOException {
        UnwritableException(IOException cause) {
            super(
                    "cannot write to " + System.getProperty(FOLDER) + ": " + ConfigFile.reason(cause)
                            + "; make room there, or name another folder with JAVA_OPTS=-D" + FOLDER + "=FOLDER",
                    cause);
        }
    }

    /** Copies a pipe or a device, which is opened once. */
    static Path of(Path stream) throws IOException {
        try (InputStream in = Files.newInputStream(stream)) {
            return of(in);
        }
    }

    /** Copies the rest of a stream and leaves it open. */
    static Path of(InputStream stream) throws IOException {
        byte[] buffer = new byte[1 << 16];
        Path copy = create();
        try (OutputStream out = Files.newOutputStream(copy)) {
            for (int read = stream.read(buffer); read >= 0; read = stream.read(buffer)) {
                write(out, buffer, read);
            }
        }
        return copy;
    }

    private static Path create() throws UnwritableException {
        try {
            Path copy = Files.createTempFile("sluice-submit-", ".jsonl");
            copy.toFile().deleteOnExit();
            return copy;
        } catch (IOException e) {
            throw new UnwritableException(e);
        }
    }

    private static void write(OutputStream out, byte[] bytes, int count) throws UnwritableException {
        try {
            out.write(bytes, 0, count);
        } catch (IOException e) {
            throw new UnwritableException(e);
        }
    }
}
