package dev.sluice.trials.chaos;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An HTTP answer as it came over a connection. It is read more strictly than clients do.
 *
 * @param headers the headers by their names in lower case
 * @param isWhole false if the connection ended within it
 */
record RawAnswer(int status, Map<String, String> headers, String body, boolean isWhole) {
    private static final Pattern STATUS_LINE = Pattern.compile("HTTP/1\\.[01] ([1-5][0-9]{2}) [ -~]*");
    private static final Pattern HEADER = Pattern.compile("([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([ -~]*)");
    private static final String HEAD_END = "\r\n\r\n";

    RawAnswer {
        headers = Map.copyOf(headers);
    }

    /**
     * Reads all answers of a connection.
     *
     * @param bytes everything that was received, a character for each byte
     * @param mayBeHead true if there may be answers that say how long their bodies are and have none
     * @throws IllegalArgumentException if the bytes are no HTTP
     */
    static List<RawAnswer> read(String bytes, boolean mayBeHead) {
        List<RawAnswer> answers = new ArrayList<>();
        int place = 0;
        while (place < bytes.length()) {
            int headEnd = bytes.indexOf(HEAD_END, place);
            if (headEnd < 0) {
                answers.add(new RawAnswer(0, Map.of(), bytes.substring(place), false));
                return answers;
            }
            String[] lines = bytes.substring(place, headEnd).split("\r\n", -1);
            int status = status(lines[0]);
            Map<String, String> headers = headers(lines);
            int body = headEnd + HEAD_END.length();
            boolean isEmpty =
                    status < 200 || (mayBeHead && (body == bytes.length() || bytes.startsWith("HTTP/1.", body)));
            Body read = isEmpty ? new Body("", body, true) : body(bytes, body, headers);
            place = read.end();
            String text = new String(read.text().getBytes(ISO_8859_1), UTF_8);
            answers.add(new RawAnswer(status, headers, text, read.isWhole()));
        }
        return answers;
    }

    /** A body and the place after it. */
    private record Body(String text, int end, boolean isWhole) {}

    private static Body body(String bytes, int begin, Map<String, String> headers) {
        if (headers.getOrDefault("transfer-encoding", "").equals("chunked")) {
            return chunks(bytes, begin);
        }
        if (!headers.containsKey("content-length")
                && headers.getOrDefault("connection", "").equals("close")) {
            return new Body(bytes.substring(begin), bytes.length(), true); // an answer of HTTP/1.0
        }
        int end = begin + length(headers);
        int place = Math.min(end, bytes.length());
        return new Body(bytes.substring(begin, place), place, end <= bytes.length());
    }

    private static Body chunks(String bytes, int begin) {
        StringBuilder text = new StringBuilder();
        int place = begin;
        while (true) {
            int line = bytes.indexOf("\r\n", place);
            if (line < 0) {
                return new Body(text.toString(), bytes.length(), false);
            }
            String size = bytes.substring(place, line);
            if (!size.matches("[0-9a-f]{1,7}")) {
                throw new IllegalArgumentException("chunk size '" + size + "'");
            }
            int data = line + 2;
            int end = data + Integer.parseInt(size, 16);
            if (end + 2 > bytes.length()) {
                return new Body(text + bytes.substring(data, Math.min(end, bytes.length())), bytes.length(), false);
            }
            if (!bytes.startsWith("\r\n", end)) {
                throw new IllegalArgumentException("chunk of " + size + " bytes without an end");
            }
            text.append(bytes, data, end);
            place = end + 2;
            if (end == data) {
                return new Body(text.toString(), place, true);
            }
        }
    }

    private static int status(String line) {
        Matcher found = STATUS_LINE.matcher(line);
        if (!found.matches()) {
            throw new IllegalArgumentException("status line '" + line + "'");
        }
        return Integer.parseInt(found.group(1));
    }

    private static Map<String, String> headers(String[] lines) {
        Map<String, String> headers = new LinkedHashMap<>();
        for (int i = 1; i < lines.length; i++) {
            Matcher found = HEADER.matcher(lines[i]);
            if (!found.matches()) {
                throw new IllegalArgumentException("header '" + lines[i] + "'");
            }
            headers.put(found.group(1).toLowerCase(Locale.ROOT), found.group(2));
        }
        return headers;
    }

    private static int length(Map<String, String> headers) {
        String length = headers.getOrDefault("content-length", "");
        if (!length.matches("[0-9]{1,9}")) {
            throw new IllegalArgumentException("content-length '" + length + "'");
        }
        return Integer.parseInt(length);
    }
}
