package dev.sluice.trials.chaos;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The streamed answers that the stand-in gives to questions of this trial, as clients read them. Stateless. */
final class StreamedEcho {
    private static final int WORDS = 40;
    /** The chunks of an answer, roughly. */
    private static final int CHUNKS = 35;

    private static final Pattern CONTENT = Pattern.compile("\"content\":\"([^\"\\\\]*)\"");
    private static final String ECHO = "You said: ";
    private static final String ERROR = "event: error\n";
    private static final String DONE = "data: [DONE]\n\n";

    private StreamedEcho() {}

    /** Returns the time between two chunks of an answer that takes so long, in which strikes hit it. */
    static Duration gap(Duration answer) {
        return answer.dividedBy(CHUNKS);
    }

    /** Returns a question whose answer is different from all others. */
    static String question(String id) {
        StringBuilder text = new StringBuilder(id);
        for (int i = 0; i < WORDS; i++) {
            text.append(' ').append(i);
        }
        return text.toString();
    }

    /** Returns the text that the events of a stream amount to. */
    static String shown(String body) {
        StringBuilder shown = new StringBuilder();
        Matcher pieces = CONTENT.matcher(body);
        while (pieces.find()) {
            shown.append(pieces.group(1));
        }
        return shown.toString();
    }

    /** Returns true if an answer comes as events. */
    static boolean isStream(String body) {
        return body.startsWith("data: ") || body.startsWith(": ");
    }

    static boolean endsWithAnError(String body) {
        return isStream(body) && body.contains(ERROR);
    }

    /** Returns true if the stream has the whole answer. */
    static boolean isWhole(String id, String body) {
        return body.endsWith(DONE) && flaw(id, body).isEmpty();
    }

    /**
     * Returns what is wrong with a stream: it has to have the whole answer and an end, or its beginning and an error.
     * It is empty if nothing is.
     */
    static String flaw(String id, String body) {
        String whole = ECHO + question(id);
        String shown = shown(body);
        boolean isWhole = body.endsWith(DONE);
        if (isWhole == endsWithAnError(body)) {
            return isWhole ? "an error before its end" : "neither an end nor an error";
        }
        boolean isRight = isWhole ? whole.equals(shown) : whole.startsWith(shown);
        return isRight ? "" : "shows '" + shown + "'";
    }
}
