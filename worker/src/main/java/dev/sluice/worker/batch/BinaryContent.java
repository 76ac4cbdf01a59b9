package dev.sluice.worker.batch;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;

/** Tells a file that is no text at all from one with bad lines, and keeps what is in either off the terminal. Stateless. */
final class BinaryContent {
    static final int SAMPLE_BYTES = 8 * 1024;

    private static final int LONGEST = 300;

    private BinaryContent() {}

    /**
     * Whether a file that begins so is no text. A zero byte is in none; other bytes that JSON lines cannot have may be a bad
     * line's own, unless the file does not even begin like a request.
     */
    static boolean looksLike(byte[] beginning) {
        boolean control = false;
        int first = -1;
        for (byte each : beginning) {
            if (each == 0) {
                return true;
            }
            control |= each > 0 && each < ' ' && each != '\t' && each != '\n' && each != '\r';
            first = first < 0 && each != ' ' && each != '\t' && each != '\n' && each != '\r' ? each & 0xff : first;
        }
        return first != '{' && (control || !isUtf8(beginning));
    }

    private static boolean isUtf8(byte[] beginning) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        // the last character may be cut, which is no error as long as more could come
        return !decoder.decode(ByteBuffer.wrap(beginning), CharBuffer.allocate(beginning.length), false)
                .isError();
    }

    /** A foreign text in a message: without what moves the cursor, and not longer than a message should be. */
    static String printable(String text) {
        String shown = text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…";
        return shown.codePoints()
                .map(each -> Character.isISOControl(each) ? '?' : each)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }
}
