package dev.sluice.worker.pool;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * The record that lists the API's models. It lies on the topic of reports, and the latest one counts. Its value is a
 * JSON array, which no release takes for a report. Its key has a colon, which no worker's name has. Stateless.
 */
public final class ModelsRecord {
    private static final byte[] KEY = ":models".getBytes(StandardCharsets.UTF_8);

    private ModelsRecord() {}

    static byte[] key() {
        return KEY.clone();
    }

    static boolean isKey(byte[] key) {
        return Arrays.equals(KEY, key);
    }

    /** Publishes lists of models beside the reports of a worker. The pool's thread alone calls it. */
    public interface Publisher {
        /** A publisher that never has a list. */
        Publisher NONE = new Publisher() {
            @Override
            public Optional<byte[]> next(long now) {
                return Optional.empty();
            }

            @Override
            public void seen(long now) {}
        };

        /**
         * Returns the list to write now, if there is one. It does not wait for anything.
         *
         * @param now a monotonic time in nanoseconds
         */
        Optional<byte[]> next(long now);

        /** Takes note of a list that was read, whoever has written it. */
        void seen(long now);
    }
}
