package dev.sluice.worker.deadletters;

import dev.sluice.wire.WireHeaders;

/**
 * The words about the last failure of a request that died. They come from the provider or from something in front of
 * it. They are bounded because a stranger may have written the record. A word that the letter does not have is empty.
 *
 * @param message the sentence for people
 * @param type the provider's type of error
 * @param code the provider's code
 * @param param the field of the request that the error is about
 */
public record ErrorWords(String message, String type, String code, String param) {
    private static final int MAX_MESSAGE = 1_000;
    private static final int MAX_WORD = 128;

    public static ErrorWords of(DeadLetter letter) {
        return new ErrorWords(
                header(letter, WireHeaders.ERROR_MESSAGE, MAX_MESSAGE),
                header(letter, WireHeaders.ERROR_TYPE, MAX_WORD),
                header(letter, WireHeaders.ERROR_CODE, MAX_WORD),
                header(letter, WireHeaders.ERROR_PARAM, MAX_WORD));
    }

    private static String header(DeadLetter letter, String name, int longest) {
        String text = letter.header(name).orElse("");
        return text.length() > longest ? text.substring(0, longest) : text;
    }
}
