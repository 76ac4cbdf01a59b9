package dev.sluice.gateway.files;

import java.io.IOException;

/** Thrown when the files of a batch are not what a door has written. Others can be run all the same. */
public final class DamagedBatchException extends IOException {
    /** @param problem what is wrong, with the file */
    public DamagedBatchException(String problem) {
        super(problem);
    }

    DamagedBatchException(String problem, Exception cause) {
        super(problem, cause);
    }
}
