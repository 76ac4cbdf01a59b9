package dev.sluice.gateway.files;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A header with parameters, such as {@code form-data; name="file"; filename="a.jsonl"}.
 *
 * @param value what stands before the parameters, in lower case
 * @param parameters the parameters by their names in lower case; of two with one name the first counts
 */
record HeaderParameters(String value, Map<String, String> parameters) {
    HeaderParameters {
        parameters = Map.copyOf(parameters);
    }

    static HeaderParameters parse(String header) {
        int end = header.indexOf(';');
        String value = (end < 0 ? header : header.substring(0, end)).strip().toLowerCase(Locale.ROOT);
        Scanner rest = new Scanner(header, end < 0 ? header.length() : end);
        Map<String, String> parameters = new HashMap<>();
        while (rest.hasMore()) {
            String name = rest.name();
            String text = rest.value();
            parameters.putIfAbsent(name, text);
        }
        return new HeaderParameters(value, parameters);
    }

    Optional<String> get(String name) {
        return Optional.ofNullable(parameters.get(name));
    }

    /** Reads parameters, each of which begins with a semicolon. */
    private static final class Scanner {
        private final String text;
        private int at;

        Scanner(String text, int at) {
            this.text = text;
            this.at = at;
        }

        boolean hasMore() {
            return at < text.length();
        }

        String name() {
            int begin = at + 1;
            at = begin;
            while (hasMore() && text.charAt(at) != '=' && text.charAt(at) != ';') {
                at++;
            }
            return text.substring(begin, at).strip().toLowerCase(Locale.ROOT);
        }

        String value() {
            if (!hasMore() || text.charAt(at) == ';') {
                return "";
            }
            at++;
            return hasMore() && text.charAt(at) == '"' ? quoted() : word();
        }

        private String word() {
            int begin = at;
            skipToSemicolon();
            return text.substring(begin, at).strip();
        }

        /** Takes a quotation mark alone as escaped, since old browsers send paths with plain backslashes. */
        private String quoted() {
            StringBuilder value = new StringBuilder();
            at++;
            while (hasMore() && text.charAt(at) != '"') {
                if (text.startsWith("\\\"", at)) {
                    at++;
                }
                value.append(text.charAt(at));
                at++;
            }
            skipToSemicolon();
            return value.toString();
        }

        private void skipToSemicolon() {
            while (hasMore() && text.charAt(at) != ';') {
                at++;
            }
        }
    }
}
