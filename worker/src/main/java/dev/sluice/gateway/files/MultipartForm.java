package dev.sluice.gateway.files;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A form with one file in it, whose bytes go to the disk as they come, and a few short fields before or after it. Not
 * thread-safe.
 */
final class MultipartForm implements AutoCloseable {
    private static final String FILE = "file";
    private static final int MAX_PARTS = 16;
    private static final int MAX_FIELD_BYTES = 4 * 1024;

    private final Path target;
    private final long maxFileBytes;
    private final FormParser parser;
    private final Map<String, String> fields = new HashMap<>();
    private @Nullable FileChannel file;
    private String filename = "";
    private long fileBytes;
    private int partCount;

    /**
     * The parts of a form.
     *
     * @param filename the name that the client gave the file, or an empty text
     * @param fields the other parts
     */
    record Parts(long bytes, String filename, Map<String, String> fields) {
        Parts {
            fields = Map.copyOf(fields);
        }
    }

    /**
     * Begins a form.
     *
     * @param contentType the content type of the request, which has the boundary
     * @param target where the file goes; it does not exist yet
     * @throws FileRequestException if this is no form
     */
    MultipartForm(String contentType, Path target, long maxFileBytes) {
        this.target = target;
        this.maxFileBytes = maxFileBytes;
        HeaderParameters type = HeaderParameters.parse(contentType);
        String boundary = type.get("boundary").orElse("");
        if (!type.value().equals("multipart/form-data") || !boundary.matches("[!-~ ]{1,200}")) {
            throw new FileRequestException(
                    415,
                    "unsupported_media_type",
                    null,
                    "the content type must be multipart/form-data with a boundary");
        }
        this.parser = new FormParser(boundary, new Receiver());
    }

    /** Keeps the parts as they come. */
    private final class Receiver implements FormParser.Parts {
        /** The name of the present part, or null for the file. */
        private @Nullable String field;

        private final ByteArrayOutputStream value = new ByteArrayOutputStream();

        @Override
        public void begin(PartHead head) throws IOException {
            partCount++;
            if (partCount > MAX_PARTS) {
                throw FileRequestException.badForm("the form has more than " + MAX_PARTS + " parts");
            }
            boolean isFile = head.name().equals(FILE);
            field = isFile ? null : head.name();
            value.reset();
            if (isFile) {
                open(head);
            }
        }

        @Override
        public void data(byte[] bytes, int from, int length) throws IOException {
            if (field == null) {
                write(ByteBuffer.wrap(bytes, from, length));
            } else if (value.size() + length > MAX_FIELD_BYTES) {
                throw FileRequestException.badField(
                        field, "the field has more than " + MAX_FIELD_BYTES + " bytes; only 'file' may be larger");
            } else {
                value.write(bytes, from, length);
            }
        }

        @Override
        public void end() {
            if (field != null && fields.put(field, value.toString(UTF_8)) != null) {
                throw FileRequestException.badField(field, "the field is there twice");
            }
        }
    }

    private void open(PartHead head) throws IOException {
        if (file != null) {
            throw FileRequestException.badField(FILE, "the form has two files; send one");
        }
        file = FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        filename = head.filename();
    }

    private void write(ByteBuffer bytes) throws IOException {
        fileBytes += bytes.remaining();
        if (fileBytes > maxFileBytes) {
            throw new FileRequestException(
                    413,
                    "too_large",
                    FILE,
                    "the file is larger than " + maxFileBytes + " bytes, the most that this key may store now");
        }
        if (file == null) {
            throw new IllegalStateException("no file");
        }
        while (bytes.hasRemaining()) {
            file.write(bytes);
        }
    }

    /**
     * Takes the next bytes.
     *
     * @throws IOException if the file cannot be written
     * @throws FileRequestException if this is no form, or one of its parts is too large
     */
    void add(byte[] bytes) throws IOException {
        parser.add(bytes);
    }

    /**
     * Returns the parts, when all bytes were added. The file is safe from a power failure then.
     *
     * @throws FileRequestException if the file is missing or cut
     */
    Parts end() throws IOException {
        if (!parser.isWhole()) {
            throw FileRequestException.badForm("the form has no end; its last boundary is missing");
        }
        if (file == null) {
            throw FileRequestException.badField(FILE, "the form has no part with the name file");
        }
        file.force(true);
        return new Parts(fileBytes, filename, fields);
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            file.close();
        }
    }
}
