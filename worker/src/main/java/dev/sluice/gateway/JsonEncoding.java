package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.InvalidChatRequestException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.List;

/** Checks that a body is UTF-8, which JSON has to be. Parsers also take UTF-16 and UTF-32 for JSON. Stateless. */
final class JsonEncoding {
    /** The bytes from which parsers guess the encoding. A zero among them is no UTF-8 for them. */
    private static final int GUESSED_FROM = 4;

    private JsonEncoding() {}

    /** @throws InvalidChatRequestException if the body is not UTF-8 */
    static void check(byte[] body) {
        for (int i = 0; i < Math.min(GUESSED_FROM, body.length); i++) {
            if (body[i] == 0) {
                throw invalid();
            }
        }
        try {
            var unused = UTF_8.newDecoder().decode(ByteBuffer.wrap(body));
        } catch (CharacterCodingException e) {
            throw invalid();
        }
    }

    private static InvalidChatRequestException invalid() {
        return new InvalidChatRequestException(
                List.of(new InvalidChatRequestException.Problem("body", "not UTF-8", "must be JSON in UTF-8")));
    }
}
