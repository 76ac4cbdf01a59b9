package dev.sluice.worker.call;

/** Takes what a streamed answer tells before it ends. Its methods run on the event loop and must not block. */
public interface StreamProgress {
    /** Takes nothing. */
    StreamProgress NONE = new StreamProgress() {
        @Override
        public void begun() {}

        @Override
        public void produced(long tokens) {}
    };

    /** Takes note that the first chunk has come. Never called if the answer is no stream. */
    void begun();

    /**
     * Takes note of what has come so far. Called each time that some {@value StreamedAnswer#TOKENS_BETWEEN} tokens more
     * have come.
     *
     * @param tokens roughly the tokens of all choices together
     */
    void produced(long tokens);
}
