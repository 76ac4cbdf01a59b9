package dev.sluice.worker.call;

import dev.sluice.worker.text.PrintableText;
import java.io.IOException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.SSLException;

/**
 * Says why a call has failed, in words that a person can act upon. They are bounded and printable, since the other side
 * has a part in them.
 */
final class FailureWords {
    private static final int LONGEST = 300;
    private static final int MAX_CAUSES = 10;
    private static final String RESET = "connection reset";
    private static final String CLOSED = "connection closed before the answer was complete";

    private FailureWords() {}

    /** A connection that was not made. Its message has the words. */
    static final class ConnectException extends IOException {
        ConnectException(String words, Throwable cause) {
            super(words, cause);
        }
    }

    /** Returns the words for a failure, such as {@code UnknownHostException: no-such-host.invalid}. */
    static String of(Throwable failure) {
        if (failure instanceof ConnectException || failure instanceof ApiConnections.ProxyRejection) {
            return bounded(String.valueOf(failure.getMessage()));
        }
        List<Throwable> causes = causes(failure);
        for (Throwable cause : causes) {
            String message = String.valueOf(cause.getMessage());
            if (cause instanceof UnknownHostException) {
                return bounded("UnknownHostException: " + message);
            }
            if (message.startsWith("PKIX ")) {
                return bounded(message);
            }
            if (message.contains("onnection reset") || message.contains("roken pipe")) {
                return RESET;
            }
        }
        for (Throwable cause : causes) {
            String name = cause.getClass().getSimpleName();
            if (name.equals("HttpClosedException") || name.contains("ClosedChannelException")) {
                return CLOSED;
            }
        }
        return bounded(named(deepestWithMessage(causes)));
    }

    /** Returns true if the other side has ended the connection, and sent nothing that could not be understood. */
    static boolean isClosed(Throwable failure) {
        String words = of(failure);
        return words.equals(RESET) || words.equals(CLOSED);
    }

    private static Throwable deepestWithMessage(List<Throwable> causes) {
        Throwable deepest = causes.get(0);
        for (Throwable cause : causes) {
            if (cause.getMessage() != null) {
                deepest = cause;
            }
        }
        return deepest;
    }

    private static String named(Throwable failure) {
        String name = failure.getClass().getSimpleName();
        return failure.getMessage() == null ? name : name + ": " + failure.getMessage();
    }

    /**
     * Returns a failure whose message is the words for a connection that was not made.
     *
     * @param address what was to be connected to, such as {@code 10.0.0.1:443}
     */
    static IOException connecting(Throwable failure, String address) {
        return new ConnectException(connectingWords(failure, address), failure);
    }

    private static String connectingWords(Throwable failure, String address) {
        List<Throwable> causes = causes(failure);
        String all = String.join(" ", causes.stream().map(FailureWords::named).toList());
        if (all.contains("refused")) {
            return "Connection refused by " + address;
        }
        if (all.contains("ConnectTimeoutException")
                || all.toLowerCase(Locale.ROOT).contains("timed out")) {
            return "timed out while connecting to " + address;
        }
        if (causes.stream().anyMatch(SSLException.class::isInstance)) {
            return of(failure);
        }
        return of(failure) + " at " + address;
    }

    private static List<Throwable> causes(Throwable failure) {
        List<Throwable> causes = new ArrayList<>();
        for (Throwable next = failure; next != null && causes.size() < MAX_CAUSES; next = next.getCause()) {
            causes.add(next);
        }
        return causes;
    }

    /** Returns foreign text as it may be shown. */
    static String bounded(String text) {
        return PrintableText.line(text, LONGEST);
    }

    /** Returns a duration such as {@code 15 s}. */
    static String seconds(Duration duration) {
        return duration.toMillisPart() == 0 ? duration.toSeconds() + " s" : duration.toMillis() + " ms";
    }
}
