package dev.sluice.examples.clients;

import java.util.List;
import java.util.Map;

/** A client of the OpenAI API. Each implementation uses its library as the library's own documentation shows it. */
interface DoorClient {
    /** Returns the name of the library. */
    String name();

    /**
     * Makes calls and returns by name what became of each: {@code ok TEXT}, {@code tool NAME ARGUMENTS}, or
     * {@code CLASS STATUS CODE} of the exception, as far as the library tells them.
     */
    Map<String, String> run(List<DoorCall> calls) throws Exception;

    /** Returns the name of the library's exception for a status. */
    String exception(int status);

    /** Returns true if the library sends the time-out that it has, so that the door ends the request before. */
    default boolean tellsTimeout() {
        return true;
    }

    /** Returns true if the library says of a try that it is one more, and does not try again when it is told not to. */
    default boolean isStainless() {
        return true;
    }
}
