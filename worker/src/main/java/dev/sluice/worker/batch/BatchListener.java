package dev.sluice.worker.batch;

/** Observes a {@link BatchSubmission}. It is called on the thread that runs the submission. */
public interface BatchListener {
    /** Receives the number of answered lines several times a second, and the number of failures among them. */
    void progressed(int answered, int failed);

    /** Receives the number of answered lines several times a second while requests wait for their answers. */
    void awaited(int answered) throws InterruptedException;

    /**
     * Is called once the previous runs have been looked up, right before the first request is sent.
     *
     * @param found the number of replies that had come too late for the previous runs and are written now
     * @param awaited the number of requests that are still in the queue
     */
    void caughtUp(int found, int awaited);
}
