package dev.sluice.gateway;

import dev.sluice.gateway.files.DamagedBatchException;
import dev.sluice.gateway.files.FileRequestException;
import dev.sluice.gateway.files.FilesAwayException;
import java.io.IOException;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the answers for what went wrong with stored files. Stateless. */
final class FileErrors {
    private static final Logger LOG = LoggerFactory.getLogger(FileErrors.class);
    private static final int SOON_SECONDS = 5;

    private FileErrors() {}

    static HttpAnswer of(String id, Throwable failure) {
        if (failure instanceof FileRequestException refusal) {
            return ErrorBody.invalid(refusal.status(), refusal.code(), refusal.param(), refusal.problem());
        }
        LOG.atError()
                .addKeyValue("id", id)
                .addKeyValue("error", failure.toString())
                .log("Stored files failed");
        if (failure instanceof FilesAwayException) {
            return ErrorBody.busy(
                    503, "files_away", "the directory of this gateway's files is not there; try again", SOON_SECONDS);
        }
        if (isFull(failure)) {
            return ErrorBody.ended(
                    507, "disk_full", "the disk of this gateway's files is full; its operator has to make room");
        }
        if (failure instanceof DamagedBatchException) {
            return ErrorBody.ended(
                    500, "damaged_files", "this gateway's files of the batch are damaged; create it again");
        }
        if (failure instanceof IOException) {
            return unavailable();
        }
        LOG.error("Defect in the handling of stored files", failure);
        return ErrorBody.ended(500, "internal_error", "this gateway has a defect; its log says more");
    }

    /** Java has no exception of its own for this, and the words are those of the system. */
    private static boolean isFull(Throwable failure) {
        String words = String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT);
        return words.contains("no space left")
                || words.contains("quota exceeded")
                || words.contains("not enough space");
    }

    static HttpAnswer unavailable() {
        return ErrorBody.busy(
                503, "files_unavailable", "the storage of this gateway's files does not work; try again", SOON_SECONDS);
    }

    static HttpAnswer busy() {
        return ErrorBody.busy(503, "too_many_files", "this gateway handles as many files as it may; try again", 2);
    }

    static HttpAnswer unknown(String id) {
        return ErrorBody.invalid(404, "file_not_found", "file_id", "there is no file '" + id + "' of this key");
    }
}
