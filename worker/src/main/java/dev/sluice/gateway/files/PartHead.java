package dev.sluice.gateway.files;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLDecoder;

/**
 * The head of one part of a form.
 *
 * @param filename the client's name for a file, which may be an empty text
 */
record PartHead(String name, String filename) {
    private static final String DISPOSITION = "content-disposition:";
    private static final String EXTENDED = "utf-8''";

    /**
     * Reads the lines of a head.
     *
     * @throws FileRequestException if they do not name the part
     */
    static PartHead parse(String lines) {
        HeaderParameters disposition = HeaderParameters.parse("");
        for (String line : lines.lines().toList()) {
            if (line.regionMatches(true, 0, DISPOSITION, 0, DISPOSITION.length())) {
                disposition = HeaderParameters.parse(line.substring(DISPOSITION.length()));
            }
        }
        if (!disposition.value().equals("form-data") || disposition.get("name").isEmpty()) {
            throw FileRequestException.badForm(
                    "a part of the form has no 'Content-Disposition: form-data; name=\"…\"'");
        }
        return new PartHead(disposition.get("name").get(), filename(disposition));
    }

    /** The extended form (RFC 5987) says more than the plain one. */
    private static String filename(HeaderParameters disposition) {
        String extended = disposition.get("filename*").orElse("");
        if (extended.regionMatches(true, 0, EXTENDED, 0, EXTENDED.length())) {
            try {
                return URLDecoder.decode(extended.substring(EXTENDED.length()).replace("+", "%2B"), UTF_8);
            } catch (IllegalArgumentException e) {
                throw FileRequestException.badForm("filename* of a part is not encoded as in RFC 5987");
            }
        }
        return disposition.get("filename").orElse("");
    }
}
