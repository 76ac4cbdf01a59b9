package dev.sluice.gateway.files;

import java.io.IOException;
import java.nio.file.Path;

/** A file that is being received. It is {@link #publish published} or closed in the end. Not thread-safe. */
public final class FileDraft implements AutoCloseable {
    private final FileStore store;
    private final String owner;
    private final String id;
    private final Path directory;
    private final MultipartForm form;

    FileDraft(FileStore store, String owner, String id, Path directory, MultipartForm form) {
        this.store = store;
        this.owner = owner;
        this.id = id;
        this.directory = directory;
        this.form = form;
    }

    /**
     * Takes the next bytes of the form.
     *
     * @throws FileRequestException if this is no form, or the file in it is too large
     */
    public void write(byte[] bytes) throws IOException {
        form.add(bytes);
    }

    /**
     * Stores the file, when the whole form was written.
     *
     * @throws FileRequestException if something is missing in the form, or the owner has too much stored
     */
    public StoredFile publish() throws IOException {
        MultipartForm.Parts parts = form.end();
        UploadFields fields = UploadFields.of(parts.fields());
        return store.publish(directory, owner, id, parts, fields);
    }

    /** Deletes what was received, unless it was published. */
    @Override
    public void close() throws IOException {
        form.close();
        DiskSteps.deleteTree(directory);
    }
}
