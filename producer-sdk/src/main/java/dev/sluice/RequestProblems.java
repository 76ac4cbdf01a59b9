package dev.sluice;

import dev.sluice.wire.WireHeaders;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Collects the problems of one request, so that they are reported together. It is used by one thread. */
final class RequestProblems {
    private final List<InvalidChatRequestException.Problem> found;

    RequestProblems() {
        found = new ArrayList<>();
    }

    /** Begins with the problems in {@code earlier}. */
    RequestProblems(RequestProblems earlier) {
        found = new ArrayList<>(earlier.found);
    }

    void add(String field, @Nullable Object value, String remedy) {
        String text = value == null ? "missing" : WireHeaders.abbreviated(value.toString());
        found.add(new InvalidChatRequestException.Problem(field, text, remedy));
    }

    /** Adds a problem unless {@code holds}. */
    void require(boolean holds, String field, @Nullable Object value, String remedy) {
        if (!holds) {
            add(field, value, remedy);
        }
    }

    void throwIfAny() {
        if (!found.isEmpty()) {
            throw new InvalidChatRequestException(found);
        }
    }
}
