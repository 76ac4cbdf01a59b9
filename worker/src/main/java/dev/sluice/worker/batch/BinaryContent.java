package dev.sluice.worker.batch;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;

/** Recognises files that are not text, and makes foreign text safe to print. Stateless. */
final class BinaryContent {
    static final int SAMPLE_BYTES = 8 * 1024;

    private static final int WIDEST_CHARACTER = 4;
    private static final int MAX_PRINTED_LENGTH = 300;

    private BinaryContent() {}

    /**
     * Tells whether a file with this beginning is not text. UTF-16 and UTF-32 have a zero byte among the first four.
     * Other bytes that JSON lines cannot have may belong to a single bad line. They count only if the file does not
     * begin like a request.
     */
    static boolean isBinary(byte[] beginning) {
        boolean control = false;
        int first = -1;
        for (int i = 0; i < beginning.length; i++) {
            byte each = beginning[i];
            if (each == 0 && i < WIDEST_CHARACTER) {
                return true;
            }
            control |= each >= 0 && each < ' ' && each != '\t' && each != '\n' && each != '\r';
            first = first < 0 && each != ' ' && each != '\t' && each != '\n' && each != '\r' ? each & 0xff : first;
        }
        return first != '{' && (control || !isUtf8(beginning));
    }

    private static boolean isUtf8(byte[] beginning) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        // endOfInput is false because the sample may end in the middle of a character
        return !decoder.decode(ByteBuffer.wrap(beginning), CharBuffer.allocate(beginning.length), false)
                .isError();
    }

    /**
     * Prepares foreign text for a message. Control characters, which could move the cursor, are replaced. Long text is
     * cut.
     */
    static String printable(String text) {
        String shown = text.length() <= MAX_PRINTED_LENGTH ? text : text.substring(0, MAX_PRINTED_LENGTH) + "…";
        return shown.codePoints()
                .map(each -> Character.isISOControl(each) ? '?' : each)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }
}
