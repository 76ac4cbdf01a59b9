package dev.sluice;

import java.util.List;
import java.util.stream.Collectors;

/** A request that is not sent because a worker or the API would refuse it; says everything that is wrong with it at once. */
public final class InvalidChatRequestException extends IllegalArgumentException {
    private final transient List<Problem> problems;

    /**
     * One thing that is wrong.
     *
     * @param field the name on the wire, for example {@code top_p}, {@code messages[2].content} or {@code sluice-id}
     * @param found the value, cut to 64 characters; {@code missing} where there is none
     * @param remedy what to do, for example {@code must be 0 to 1}
     */
    public record Problem(String field, String found, String remedy) {
        @Override
        public String toString() {
            return field + " is " + found + ": " + remedy;
        }
    }

    /** @param problems at least one, in the order in which they are to be read */
    public InvalidChatRequestException(List<Problem> problems) {
        super(problems.stream().map(Problem::toString).collect(Collectors.joining("; ", "chat request refused: ", "")));
        this.problems = List.copyOf(problems);
    }

    public List<Problem> problems() {
        return problems;
    }
}
