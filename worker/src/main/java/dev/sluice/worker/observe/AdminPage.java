package dev.sluice.worker.observe;

/** A page of the admin port. Thread-safe. */
@FunctionalInterface
public interface AdminPage {
    /**
     * Returns the present content without waiting.
     *
     * @param accept the request's {@code Accept} header; empty if it has none
     */
    Content now(String accept);

    /**
     * The content of a page.
     *
     * @param type the value of the {@code Content-Type} header
     * @param body the bytes, which nobody may change
     */
    record Content(String type, byte[] body) {}
}
