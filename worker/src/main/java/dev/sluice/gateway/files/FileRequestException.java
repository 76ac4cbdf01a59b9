package dev.sluice.gateway.files;

import org.jspecify.annotations.Nullable;

/** Thrown when a caller asks for something that cannot be done with stored files, and can mend it. */
public final class FileRequestException extends RuntimeException {
    private final int status;
    private final String code;
    private final @Nullable String param;

    /**
     * Makes a refusal.
     *
     * @param status the HTTP status that says it
     * @param code one word for it
     * @param param the field at fault, if there is one
     * @param message what is wrong and what to do
     */
    public FileRequestException(int status, String code, @Nullable String param, String message) {
        super(message);
        this.status = status;
        this.code = code;
        this.param = param;
    }

    static FileRequestException badForm(String message) {
        return new FileRequestException(400, "invalid_form", null, message);
    }

    static FileRequestException badField(String param, String message) {
        return new FileRequestException(400, "invalid_value", param, message);
    }

    public int status() {
        return status;
    }

    public String code() {
        return code;
    }

    public @Nullable String param() {
        return param;
    }

    /** Returns what is wrong and what to do. */
    public String problem() {
        return String.valueOf(getMessage());
    }
}
