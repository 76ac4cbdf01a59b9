package dev.sluice;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Thrown for a request that is not sent because a worker or the API would refuse it. It reports all problems together.
 */
public final class InvalidChatRequestException extends IllegalArgumentException {
    private final transient List<Problem> problems;

    /**
     * One problem of a request.
     *
     * @param field the name on the wire, for example {@code top_p}, {@code messages[2].content} or {@code sluice-id}
     * @param found the value, cut to 64 characters, or {@code missing}
     * @param remedy the instruction for the caller, for example {@code must be 0 to 1}
     */
    public record Problem(String field, String found, String remedy) {
        @Override
        public String toString() {
            return field + " is " + found + ": " + remedy;
        }
    }

    /**
     * Makes an exception whose message lists the problems.
     *
     * @param problems at least one, in the order in which they are reported
     */
    public InvalidChatRequestException(List<Problem> problems) {
        super(problems.stream().map(Problem::toString).collect(Collectors.joining("; ", "chat request refused: ", "")));
        this.problems = List.copyOf(problems);
    }

    /** Returns all problems, at least one. */
    public List<Problem> problems() {
        return problems;
    }
}
