package dev.sluice.gateway.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the files of callers in a directory, which other doors may share. A file belongs to its owner, and nobody else
 * can tell whether it exists. Its methods block. Thread-safe.
 *
 * <p>An owner is a word of hex digits. Ids come from anywhere: what is no id is the id of no file.
 */
public final class FileStore {
    /** Nobody writes to an upload for longer than this without a byte. */
    static final Duration UPLOAD_SILENCE = Duration.ofMinutes(10);

    private static final Logger LOG = LoggerFactory.getLogger(FileStore.class);
    private static final int MAX_FILES = 10_000;
    private static final int MAX_NAME = 255;
    private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}\\p{Cs}\\ufffd]");

    private final FilesDirectory directory;
    private final FilesConfig config;
    private final Clock clock;
    private final StoredIds ids;
    private final DescriptionCache descriptions = new DescriptionCache();
    /** The ids that were past their time when expired files were last looked for. */
    private Set<String> expired = Set.of();

    /**
     * Opens a store.
     *
     * @param random a secure source
     * @throws IOException if the directory cannot be used; its message names it
     */
    public FileStore(FilesConfig config, Clock clock, RandomGenerator random) throws IOException {
        this.directory = FilesDirectory.open(config.directory());
        this.config = config;
        this.clock = clock;
        this.ids = new StoredIds(clock, random);
    }

    /**
     * Begins to receive a file.
     *
     * @param contentType the content type of the form that has the file
     * @throws FileRequestException if this is no form, or the owner has too much stored
     */
    public FileDraft begin(String owner, String contentType) throws IOException {
        long left = config.maxStoredBytes() - used(owner);
        if (left <= 0) {
            throw quota("the files of this key have " + config.maxStoredBytes() + " bytes, the most it may store");
        }
        String id = ids.nextFile();
        Path upload = directory.newUpload(id);
        try {
            long most = Math.min(config.maxFileBytes(), left);
            MultipartForm form = new MultipartForm(contentType, FilesDirectory.content(upload), most);
            return new FileDraft(this, owner, id, upload, form);
        } catch (FileRequestException e) {
            DiskSteps.deleteTree(upload);
            throw e;
        }
    }

    private static FileRequestException quota(String problem) {
        return new FileRequestException(
                400, "storage_quota_exceeded", null, problem + "; delete files, or wait until they expire");
    }

    /** Returns the bytes that an owner has stored. */
    private long used(String owner) throws IOException {
        List<String> all = directory.ids(owner);
        if (all.size() >= MAX_FILES) {
            throw quota("this key has " + all.size() + " files, the most it may have");
        }
        long bytes = 0;
        for (String id : all) {
            bytes += read(owner, id).map(StoredFile::bytes).orElse(0L);
        }
        return bytes;
    }

    /** One at a time, so that uploads at the same time do not exceed together what each of them alone does not. */
    synchronized StoredFile publish(
            Path upload, String owner, String id, MultipartForm.Parts parts, UploadFields fields) throws IOException {
        if (used(owner) + parts.bytes() > config.maxStoredBytes()) {
            throw quota("with this file the files of this key would have more than " + config.maxStoredBytes()
                    + " bytes, the most it may store");
        }
        long now = clock.instant().getEpochSecond();
        StoredFile file = new StoredFile(
                id, parts.bytes(), now, name(parts.filename()), fields.purpose(), now + fields.keepSeconds());
        directory.publish(upload, owner, file);
        requireShare(owner, file);
        return file;
    }

    /** Takes a file back which another door has made too much while it was stored. The earlier ones stay. */
    private void requireShare(String owner, StoredFile file) throws IOException {
        long bytes = 0;
        for (String id : directory.ids(owner)) {
            if (id.compareTo(file.id()) <= 0) {
                bytes += read(owner, id).map(StoredFile::bytes).orElse(0L);
            }
        }
        if (bytes > config.maxStoredBytes() && directory.remove(owner, file.id())) {
            throw quota("the files of this key have more than " + config.maxStoredBytes()
                    + " bytes together with this one, the most it may store");
        }
    }

    /** Returns the last part of what may be a path, as text that is safe to show. */
    private static String name(String filename) {
        String last = filename.substring(Math.max(filename.lastIndexOf('/'), filename.lastIndexOf('\\')) + 1);
        String clean = CONTROL.matcher(last).replaceAll("").strip();
        String bounded = clean.codePointCount(0, clean.length()) > MAX_NAME
                ? clean.substring(0, clean.offsetByCodePoints(0, MAX_NAME))
                : clean;
        return bounded.isEmpty() ? "unnamed" : bounded;
    }

    /** Reads one of many. A damaged one must not hide all others. */
    private Optional<StoredFile> read(String owner, String id) throws IOException {
        Optional<StoredFile> known = descriptions.find(id);
        if (known.isPresent()) {
            return known;
        }
        try {
            Optional<StoredFile> found = directory.read(owner, id);
            found.ifPresent(descriptions::put);
            return found;
        } catch (StoredFile.DamagedException e) {
            LOG.atWarn().addKeyValue("id", id).log("Stored file left out, since its description is damaged");
            return Optional.empty();
        }
    }

    /** Returns a file of this owner, unless it is past its time. */
    public Optional<StoredFile> find(String owner, String id) throws IOException {
        if (!StoredIds.isFile(id)) {
            return Optional.empty();
        }
        Instant now = clock.instant();
        return directory.read(owner, id).filter(file -> !file.isExpired(now)); // another door may have deleted it
    }

    /** Opens a file of this owner, unless it is past its time. The caller closes it. */
    public Optional<FileContent> content(String owner, String id) throws IOException {
        Optional<StoredFile> file = find(owner, id);
        if (file.isEmpty()) {
            return Optional.empty();
        }
        Optional<FileChannel> opened = directory.channel(owner, id);
        return opened.map(channel -> new FileContent(file.get(), channel));
    }

    /** Returns a part of the list of an owner's files. */
    public FilePage list(String owner, FilePage.Query query) throws IOException {
        List<String> all = new ArrayList<>(directory.ids(owner));
        if (query.isAscending()) {
            Collections.reverse(all);
        }
        Instant now = clock.instant();
        List<StoredFile> page = new ArrayList<>();
        for (String id : all) {
            Optional<StoredFile> file = query.isPast(id) ? read(owner, id) : Optional.empty();
            if (file.filter(each -> query.takes(each) && !each.isExpired(now)).isPresent()) {
                if (page.size() == query.limit()) {
                    return new FilePage(page, true);
                }
                page.add(file.get());
            }
        }
        return new FilePage(page, false);
    }

    /** Deletes a file of this owner. Returns false if there is none. */
    public boolean delete(String owner, String id) throws IOException {
        return find(owner, id).isPresent() && directory.remove(owner, id);
    }

    /** Deletes what uploads have left behind whose doors have died. */
    public void deleteLeftovers() throws IOException {
        directory.deleteLeftovers(UPLOAD_SILENCE);
    }

    /**
     * Deletes the files that were past their time when this was called before, and still are. Called once an hour, so
     * that a clock that jumps and comes back deletes nothing.
     */
    public synchronized void deleteExpired() throws IOException {
        Instant now = clock.instant();
        Set<String> stillExpired = new HashSet<>();
        for (String owner : directory.owners()) {
            for (String id : directory.ids(owner)) {
                if (read(owner, id).filter(file -> file.isExpired(now)).isPresent()) {
                    if (!expired.contains(id)) {
                        stillExpired.add(id);
                    } else if (directory.remove(owner, id)) {
                        LOG.atInfo().addKeyValue("id", id).log("Stored file expired");
                    }
                }
            }
        }
        expired = stillExpired;
    }
}
