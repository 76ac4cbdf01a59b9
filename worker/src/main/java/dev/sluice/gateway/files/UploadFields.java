package dev.sluice.gateway.files;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The fields of an upload beside the file.
 *
 * @param keepSeconds for how long the file is kept
 */
record UploadFields(String purpose, long keepSeconds) {
    /** The only purpose that files serve here. */
    static final String BATCH = "batch";

    private static final long MIN_KEEP_SECONDS = 3_600;
    private static final long MAX_KEEP_SECONDS = 30L * 24 * 3_600;
    private static final String ANCHOR = "expires_after[anchor]";
    private static final String SECONDS = "expires_after[seconds]";

    /** @throws FileRequestException if one is missing or wrong */
    static UploadFields of(Map<String, String> fields) {
        @Nullable String purpose = fields.get("purpose");
        if (purpose == null) {
            throw FileRequestException.badField("purpose", "the form has no purpose; send purpose=" + BATCH);
        }
        if (!purpose.equals(BATCH)) {
            throw FileRequestException.badField(
                    "purpose", "the purpose is '" + purpose + "'; files are only kept for '" + BATCH + "' here");
        }
        return new UploadFields(purpose, keepSeconds(fields));
    }

    private static long keepSeconds(Map<String, String> fields) {
        @Nullable String anchor = fields.get(ANCHOR);
        @Nullable String seconds = fields.get(SECONDS);
        if (anchor == null && seconds == null) {
            return MAX_KEEP_SECONDS;
        }
        if (!"created_at".equals(anchor)) {
            throw FileRequestException.badField(ANCHOR, ANCHOR + " must be created_at");
        }
        long keep = seconds != null && seconds.matches("[0-9]{1,9}") ? Long.parseLong(seconds) : 0;
        if (keep < MIN_KEEP_SECONDS || keep > MAX_KEEP_SECONDS) {
            throw FileRequestException.badField(
                    SECONDS,
                    SECONDS + " is '" + (seconds == null ? "" : seconds) + "'; it must be a number from "
                            + MIN_KEEP_SECONDS + " to " + MAX_KEEP_SECONDS);
        }
        return keep;
    }
}
