package dev.sluice.worker.pieces;

/** Takes the chunks of one streamed answer. No method blocks or throws. */
public interface PieceStream {
    /** A stream that nobody reads along. */
    PieceStream NONE = new PieceStream() {
        @Override
        public void add(String call, long number, byte[] chunk) {}

        @Override
        public boolean isPublished() {
            return false;
        }
    };

    /**
     * Takes the next chunk. It may be dropped.
     *
     * @param call the id of the HTTP call
     * @param number the number of the chunk among those of the call, from 0 on
     * @param chunk the JSON of the chunk, which nobody changes any more
     */
    void add(String call, long number, byte[] chunk);

    /** Returns true if somebody may have seen a chunk. It is false once it is known that none got through. */
    boolean isPublished();
}
