package dev.sluice.worker.observe;

/** Something the admin port shows. Thread-safe. */
@FunctionalInterface
public interface AdminPage {
    /**
     * What it shows now. Waits for nothing for longer than a moment.
     *
     * @param accept the request's header of that name; empty where it has none
     */
    Content now(String accept);

    /**
     * What a page shows.
     *
     * @param type for the header {@code Content-Type}
     * @param body not to be changed
     */
    record Content(String type, byte[] body) {}
}
