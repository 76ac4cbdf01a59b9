package dev.sluice.gateway.files;

import java.io.IOException;
import java.nio.file.Path;

/** Thrown when the directory of stored files is not there any more, as when its volume was unmounted. */
public final class FilesAwayException extends IOException {
    FilesAwayException(Path directory) {
        super(directory + " is gone, or its volume is not mounted");
    }
}
