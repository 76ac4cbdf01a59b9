package dev.sluice.worker.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

class PrintableTextTest {
    /** C0 and C1 controls, marks that turn the direction of writing, line separators, and what cannot be seen. */
    @ParameterizedTest
    @ValueSource(
            ints = {
                0, 7, 8, '\t', '\n', 0xb, 0xc, '\r', 0x1b, 0x7f, 0x80, 0x85, 0x90, 0x9b, 0x9c, 0x9d, 0xad, 0x61c,
                0x200b, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202d, 0x202e, 0x2066, 0x2069, 0xd800, 0xdfff,
                0xe000, 0xfeff, 0xfff9, 0xffff, 0xe0001, 0xe0041, 0xf0000
            })
    void nothingHarmfulIsOnALineAsItIs(int point) {
        String text = "a" + new StringBuilder().appendCodePoint(point) + "b";

        assertThat(PrintableText.line(text)).matches("a(\\\\u[0-9a-f]{4}){1,2}b");
    }

    @Test
    void ordinaryTextStaysAsItIs() {
        String text = "Qwen/Qwen3-235B \"é\" \\ 東京 नमस्ते \ud83d\ude00";

        assertThat(PrintableText.line(text)).isEqualTo(text);
        assertThat(PrintableText.text("a\r\nb\tc\u200d")).isEqualTo("a\nb\tc\u200d");
    }

    @Test
    void linesAreBounded() {
        assertThat(PrintableText.line("\u001b".repeat(1_000_000)))
                .hasSize(6 * PrintableText.LONGEST_LINE + 1)
                .endsWith("…");
    }

    @Test
    void jsonMeansTheSameAfterwards() {
        String foreign = "x\u009b\u202e\u2028" + new StringBuilder().appendCodePoint(0xe0041);
        String json = JsonMapper.shared().writeValueAsString(foreign);

        String printed = printed(json);

        assertThat(printed).matches("[ -~]*");
        assertThat(JsonMapper.shared().readValue(printed, String.class)).isEqualTo(foreign);
    }

    @Test
    void aStreamEscapesTextAndPassesBytesAndControlsOfOurOwn() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintableStream stream = new PrintableStream(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        stream.print("\u001b");
        stream.println("é\u009b");
        stream.println((Object) "\u202e");
        stream.printf("%s|", "\u0007");
        stream.append("\u0008|");
        PrintableStream.printControls(stream, "\u001b[K");
        stream.writeBytes(new byte[] {0x1b});

        assertThat(bytes.toString(StandardCharsets.UTF_8))
                .isEqualToNormalizingNewlines("\\u001bé\\u009b\n\\u202e\n\\u0007|\\u0008|\u001b[K\u001b");
    }

    private static String printed(String text) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new PrintableStream(new PrintStream(bytes, true, StandardCharsets.UTF_8)).print(text);
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '^', textBlock = """
            Unable to access this model             | Unable to access this model
            Invalid role 'secret' in messages       | Invalid role…
            [{'input': {'content': 'secret'}}]      | …
            unexpected "secret"                     | unexpected…
            """)
    void aForeignMessageIsShownUpToItsFirstQuotation(String message, String shown) {
        assertThat(PrintableText.unquoted(message)).isEqualTo(shown);
    }

    @Test
    void aForeignMessageForLogsIsShort() {
        assertThat(PrintableText.unquoted("x".repeat(1_000))).isEqualTo("x".repeat(120) + "…");
    }
}
