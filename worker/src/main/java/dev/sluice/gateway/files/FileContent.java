package dev.sluice.gateway.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** The bytes of a stored file, which are read from their beginning. Not thread-safe. */
public final class FileContent implements AutoCloseable {
    private final StoredFile file;
    private final FileChannel channel;

    FileContent(StoredFile file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    public StoredFile file() {
        return file;
    }

    /**
     * Reads the next bytes.
     *
     * @return at most so many bytes, and none at the end
     * @throws IOException also if the file is shorter than it was when it was stored
     */
    public byte[] next(int most) throws IOException {
        long left = file.bytes() - channel.position();
        ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(most, left));
        while (bytes.hasRemaining()) {
            if (channel.read(bytes) < 0) {
                throw new IOException("stored file " + file.id() + " has lost its last " + left + " bytes");
            }
        }
        return bytes.array();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
