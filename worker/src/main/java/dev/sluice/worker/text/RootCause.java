package dev.sluice.worker.text;

/** Finds what a failure comes from. */
public final class RootCause {
    private RootCause() {}

    /** Returns the last of the causes, or the failure itself if it has none. */
    public static Throwable of(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root;
    }
}
