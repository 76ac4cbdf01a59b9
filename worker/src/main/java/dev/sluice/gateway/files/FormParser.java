package dev.sluice.gateway.files;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.Arrays;

/**
 * Takes a multipart form (RFC 7578) apart as its bytes come, in pieces of any size. It keeps the last piece and at most
 * a boundary or a head before it. Not thread-safe.
 */
final class FormParser {
    /** Receives the parts of a form, one after the other. */
    interface Parts {
        void begin(PartHead head) throws IOException;

        /** Receives the next bytes of the part. They are valid during the call. */
        void data(byte[] bytes, int from, int length) throws IOException;

        void end() throws IOException;
    }

    private static final int MAX_HEAD_BYTES = 4 * 1024;
    private static final byte[] LINE_END = {'\r', '\n'};
    private static final byte[] HEAD_END = {'\r', '\n', '\r', '\n'};
    private static final int DASHES = 2;

    private final byte[] delimiter;
    private final Parts parts;
    private State state = State.PREAMBLE;
    /** The bytes that are still to be looked at, and in front of them what a boundary at the very start lacks. */
    private byte[] window = LINE_END;

    private enum State {
        PREAMBLE,
        /** A boundary was found, and the end of its line and the head behind it are looked for. */
        HEAD,
        DATA,
        EPILOGUE
    }

    FormParser(String boundary, Parts parts) {
        this.delimiter = ("\r\n--" + boundary).getBytes(UTF_8);
        this.parts = parts;
    }

    /** Returns true if the last boundary has come. */
    boolean isWhole() {
        return state == State.EPILOGUE;
    }

    /**
     * Takes the next bytes.
     *
     * @throws FileRequestException if this is no form
     */
    void add(byte[] bytes) throws IOException {
        if (state == State.EPILOGUE) {
            return;
        }
        int kept = window.length;
        window = Arrays.copyOf(window, kept + bytes.length);
        System.arraycopy(bytes, 0, window, kept, bytes.length);
        int at = 0;
        for (int next = step(at); next >= 0; next = step(at)) {
            at = next;
        }
        // what was looked at was handed on by the steps, but for a head or what may be the beginning of a boundary
        window = Arrays.copyOfRange(window, state == State.HEAD ? at : Math.max(at, tail()), window.length);
    }

    /** Returns where a boundary may begin that is not there as a whole yet. */
    private int tail() {
        return window.length - delimiter.length + 1;
    }

    /** Goes on from a place in the window. Returns the place it has come to, or -1 if more bytes are needed. */
    private int step(int at) throws IOException {
        return switch (state) {
            case PREAMBLE, DATA -> toDelimiter(at);
            case HEAD -> head(at);
            case EPILOGUE -> -1;
        };
    }

    private int toDelimiter(int at) throws IOException {
        int found = indexOf(delimiter, at);
        int end = found >= 0 ? found : Math.max(at, tail());
        if (state == State.DATA) {
            if (end > at) {
                parts.data(window, at, end - at);
            }
            if (found >= 0) {
                parts.end();
            }
        }
        if (found < 0) {
            return -1;
        }
        state = State.HEAD;
        return found + delimiter.length;
    }

    /** Reads the rest of a boundary's line, and the head of the part after it. */
    private int head(int at) throws IOException {
        if (window.length - at < DASHES) {
            return -1;
        }
        if (window[at] == '-' && window[at + 1] == '-') {
            state = State.EPILOGUE;
            return window.length;
        }
        int lineEnd = indexOf(LINE_END, at);
        requireBlank(at, lineEnd < 0 ? window.length - 1 : lineEnd);
        int end = indexOf(HEAD_END, at);
        if ((end < 0 ? window.length : end) - at > MAX_HEAD_BYTES) {
            throw FileRequestException.badForm("the head of a part has more than " + MAX_HEAD_BYTES + " bytes");
        }
        if (end < 0) {
            return -1;
        }
        state = State.DATA;
        parts.begin(PartHead.parse(new String(window, at, end - at, UTF_8)));
        return end + HEAD_END.length;
    }

    private void requireBlank(int from, int to) {
        for (int i = from; i < to; i++) {
            if (window[i] != ' ' && window[i] != '\t') {
                throw FileRequestException.badForm("a boundary in the form is followed by something else");
            }
        }
    }

    private int indexOf(byte[] wanted, int from) {
        for (int i = from; i <= window.length - wanted.length; i++) {
            if (window[i] == wanted[0] && Arrays.equals(window, i, i + wanted.length, wanted, 0, wanted.length)) {
                return i;
            }
        }
        return -1;
    }
}
