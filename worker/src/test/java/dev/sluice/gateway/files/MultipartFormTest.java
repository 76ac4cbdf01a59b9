package dev.sluice.gateway.files;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MultipartFormTest {
    private static final byte[] LINE = "{\"custom_id\":\"1\"}\r\n".getBytes(UTF_8);

    @TempDir
    private Path directory;

    private byte[] content = new byte[0];

    /** Reads a form in pieces of this size, and keeps the bytes of the file. */
    private MultipartForm.Parts read(byte[] form, int piece, long maxBytes) throws IOException {
        Path target = directory.resolve("content");
        Files.deleteIfExists(target);
        try (MultipartForm read = new MultipartForm(TestForm.CONTENT_TYPE, target, maxBytes)) {
            for (int i = 0; i < form.length; i += piece) {
                read.add(Arrays.copyOfRange(form, i, Math.min(form.length, i + piece)));
            }
            MultipartForm.Parts parts = read.end();
            content = Files.readAllBytes(target);
            return parts;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 64, 1_000, 100_000})
    void partsComeInAnyOrderAndInPiecesOfAnySize(int piece) throws Exception {
        byte[] bytes = new byte[5_000];
        new Random(piece).nextBytes(bytes);

        MultipartForm.Parts last = read(TestForm.batch(bytes).end(), piece, 5_000);
        assertThat(content).isEqualTo(bytes);
        MultipartForm.Parts first = read(
                new TestForm().file("in.jsonl", bytes).field("purpose", "batch").end(), piece, 5_000);

        assertThat(content).isEqualTo(bytes);
        assertThat(List.of(first, last)).allSatisfy(parts -> {
            assertThat(parts.fields()).isEqualTo(Map.of("purpose", "batch"));
            assertThat(parts.filename()).isEqualTo("in.jsonl");
            assertThat(parts.bytes()).isEqualTo(5_000);
        });
    }

    @Test
    void aFileThatLooksLikeItsBoundaryStaysWhole() throws Exception {
        byte[] bytes = ("\r\n--" + TestForm.BOUNDARY.substring(0, 8) + "\n\r\n--\r\n\r\n")
                .repeat(500)
                .getBytes(UTF_8);

        read(TestForm.batch(bytes).end(), 11, 1 << 20);

        assertThat(content).isEqualTo(bytes);
    }

    @Test
    void aFileWithoutANameGoesToTheDiskLikeAnyOther() throws Exception {
        byte[] bytes = "x".repeat(200_000).getBytes(UTF_8);

        MultipartForm.Parts parts = read(
                new TestForm().fileWithoutName(bytes).field("purpose", "batch").end(), 8_192, 1 << 20);

        assertThat(content).isEqualTo(bytes);
        assertThat(parts.filename()).isEmpty();
    }

    @Test
    void anEmptyFileIsAFile() throws Exception {
        assertThat(read(TestForm.batch(new byte[0]).end(), 50, 10).bytes()).isZero();
        assertThat(content).isEmpty();
    }

    static Stream<Arguments> forms() {
        TestForm many = new TestForm();
        for (int i = 0; i < 17; i++) {
            many.field("f" + i, "");
        }
        TestForm purpose = new TestForm().field("purpose", "batch");
        return Stream.of(
                Arguments.of("no part with the name file", purpose.end()),
                Arguments.of("two files", TestForm.batch(LINE).file("b", LINE).end()),
                Arguments.of(
                        "two files", TestForm.batch(LINE).fileWithoutName(LINE).end()),
                Arguments.of(
                        "is there twice",
                        TestForm.batch(LINE).field("purpose", "batch").end()),
                Arguments.of(
                        "more than 4096 bytes",
                        TestForm.batch(LINE).field("a", "b".repeat(5_000)).end()),
                Arguments.of("more than 16 parts", many.end()),
                Arguments.of("head of a part", head("X: " + "y".repeat(100_000))),
                Arguments.of("head of a part", head("Content-Disposition: form-data" + "; a=b".repeat(2_000))),
                Arguments.of("Content-Disposition", head("Content-Disposition: form-data")),
                Arguments.of("Content-Disposition", head("Content-Disposition: form-data; filename=\"a\"")),
                Arguments.of("Content-Disposition", head("Content-Disposition: attachment; name=\"file\"")),
                Arguments.of("Content-Disposition", head("")),
                Arguments.of("RFC 5987", head("Content-Disposition: form-data; name=file; filename*=utf-8''%zz")),
                Arguments.of(
                        "followed by something else",
                        new TestForm().text("--" + TestForm.BOUNDARY + "x").end()),
                Arguments.of("last boundary", TestForm.batch(LINE).cut()),
                Arguments.of(
                        "last boundary",
                        new TestForm().text("--" + TestForm.BOUNDARY + "\r\n").cut()),
                Arguments.of("last boundary", "{\"a\":1}\n{\"b\":2}\n".getBytes(UTF_8)),
                Arguments.of("last boundary", new byte[0]));
    }

    private static byte[] head(String head) {
        return new TestForm().part(head, LINE).end();
    }

    @ParameterizedTest
    @MethodSource("forms")
    void whatIsNoFormWithOneFileIsRefused(String reason, byte[] form) {
        for (int piece : new int[] {1, 100, 1 << 20}) {
            assertThatThrownBy(() -> read(form, piece, 1 << 20))
                    .isInstanceOf(FileRequestException.class)
                    .hasMessageContaining(reason);
        }
    }

    @Test
    void aFileThatIsTooLargeIsRefusedWhileItComes() {
        byte[] tooLarge = TestForm.batch(new byte[11_000]).cut();

        assertThatThrownBy(() -> read(tooLarge, 512, 10_000))
                .isInstanceOfSatisfying(
                        FileRequestException.class,
                        refusal -> assertThat(refusal.status()).isEqualTo(413));
    }

    /** Cuts forms at random, and compares with what was put into them. */
    @Test
    void whereAFormIsCutChangesNothing() throws Exception {
        Random random = new Random(24);
        byte[] alphabet = ("\r\n-" + TestForm.BOUNDARY).getBytes(UTF_8);
        for (int round = 0; round < 500; round++) {
            byte[] bytes = new byte[random.nextInt(200)];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = alphabet[random.nextInt(alphabet.length)];
            }
            TestForm form = random.nextBoolean()
                    ? TestForm.batch(bytes)
                    : new TestForm().text("preamble\r\n").fileWithoutName(bytes).field("purpose", "batch");

            MultipartForm.Parts parts = read(form.end(), 1 + random.nextInt(40), 200);

            assertThat(content).isEqualTo(bytes);
            assertThat(parts.fields()).containsExactly(Map.entry("purpose", "batch"));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'filename=\"a b.jsonl\"', a b.jsonl",
        "filename=plain.jsonl, plain.jsonl",
        "'filename=\"C:\\dir\\x.jsonl\"', C:\\dir\\x.jsonl",
        "'filename=\"a\\\"b;c.jsonl\"', 'a\"b;c.jsonl'",
        "'filename=\"x\"; filename*=UTF-8''''%e2%82%ac+.jsonl', \u20ac+.jsonl",
        "'filename=\"unfinished', unfinished",
        "filename, ''",
        "'filename=', ''"
    })
    void namesOfFilesAreReadAsClientsWriteThem(String sent, String name) throws Exception {
        byte[] form = new TestForm()
                .part("content-disposition:form-data; NAME=file; " + sent + "\r\nContent-Type: text/plain", LINE)
                .end();

        assertThat(read(form, 9, 100).filename()).isEqualTo(name);
        assertThat(content).isEqualTo(LINE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "application/json", "multipart/form-data", "multipart/form-data; boundary="})
    void withoutABoundaryThereIsNoForm(String contentType) {
        assertThatThrownBy(() -> new MultipartForm(contentType, directory.resolve("x"), 10))
                .isInstanceOf(FileRequestException.class);
    }
}
