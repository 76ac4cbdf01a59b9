package dev.sluice.trials.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/** Reads a stream of events, and notes when its first text comes. It belongs to one call. */
final class FirstText implements Consumer<Optional<byte[]>> {
    private static final Pattern TEXT = Pattern.compile("\"content\":\\s*\"[^\"]");
    private static final String DONE = "data: [DONE]";

    private final ByteArrayOutputStream read = new ByteArrayOutputStream();
    private long cameAt;
    private boolean hasCome;

    @Override
    public synchronized void accept(Optional<byte[]> part) {
        part.ifPresent(read::writeBytes);
        if (!hasCome && TEXT.matcher(read.toString(ISO_8859_1)).find()) {
            hasCome = true;
            cameAt = System.nanoTime();
        }
    }

    /** Returns true if the stream has had a text and an end. */
    synchronized boolean isWhole() {
        return hasCome && read.toString(ISO_8859_1).strip().endsWith(DONE);
    }

    /** Returns {@link System#nanoTime} of the first text. */
    synchronized long cameAt() {
        return cameAt;
    }
}
