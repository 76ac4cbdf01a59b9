package dev.sluice.worker.batch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BatchInputTest {
    private static final String BODY = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";

    private static final int MAX_BODY_BYTES = 1 << 20;

    @TempDir
    private Path folder;

    @Test
    void bodiesKeepTheirBytes() throws Exception {
        String odd = "{ \"messages\" : [{\"role\":\"user\",\"content\":\"Gr\\u00fc\u00df \ud83d\ude00\"}],"
                + "\t\"model\":\"m\", \"x\":1.0e+2 }";

        List<BatchLine> lines =
                lines("{\"method\":\"POST\",\"custom_id\":\"a\",\"url\":\"/v1/chat/completions\",\"body\": " + odd
                        + " ,\"meta\":{\"body\":{}}}\r\n\n{\"body\":" + BODY + ",\"custom_id\":\"b\"}");

        assertThat(lines).extracting(BatchLine::body).containsExactly(odd, BODY);
        assertThat(lines).extracting(BatchLine::customId).containsExactly("a", "b");
        assertThat(lines).extracting(BatchLine::number).containsExactly(1, 3);
    }

    @Test
    void aByteOrderMarkIsNotPartOfTheRequest() throws Exception {
        assertThat(lines("\ufeff" + line("a") + line("b")))
                .extracting(BatchLine::body)
                .containsExactly(BODY, BODY);
    }

    @Test
    void aLineMayBeTheRequestItselfAsItWouldBePublished() throws Exception {
        List<BatchLine> lines = lines("\ufeff  " + BODY + " \r\n" + line("a") + BODY);

        assertThat(lines).extracting(BatchLine::customId).containsExactly("line-1", "a", "line-3");
        assertThat(lines).extracting(BatchLine::body).containsExactly(BODY, BODY, BODY);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"model\":\"m\",\"messages\":[]}",
                "{\"model\":\"m\",\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"role\":\"user\"}]}",
                "{\"model\":\"m\",\"messages\":[7],\"temperature\":99,\"custom_id\":7,\"x\":[[]]}"
            })
    void everyBodyThatTheTopicTakesIsTaken(String body) throws Exception {
        assertThat(lines("{\"custom_id\":\"a\",\"body\":" + body + "}"))
                .extracting(BatchLine::body)
                .containsExactly(body);
    }

    @Test
    void aBodyMayBeAsLargeAsTheOptionSays() throws Exception {
        String body = "{\"model\":\"m\",\"messages\":[\"" + "x".repeat(10_000_000) + "\"]}";
        Path file = file("{\"custom_id\":\"a\",\"body\":" + body + "}");

        BatchInput input = BatchInput.check(file, "f", false, body.length());

        assertThat(input.largestBody()).isEqualTo(body.length());
        assertThat(catchThrowableOfType(
                                BatchInput.BadLinesException.class,
                                () -> BatchInput.check(file, "f", false, body.length() - 1))
                        .problems())
                .containsExactly("f line 1: body has " + body.length() + " bytes; a body may have "
                        + (body.length() - 1) + " (--max-request-bytes)");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'{\n \"custom_id\": \"a\",\n \"body\": {}\n}\n' | f has requests of several lines; make it one"
                        + " request per line: jq -c . f",
                "'[{\"custom_id\":\"a\"},\n{}]' | f is one JSON array; make it one request per line: jq -c '.[]' f"
            })
    void aFileOfJsonThatIsNotOneRequestPerLineIsOneProblem(String text, String problem) throws Exception {
        assertThat(problems(text.replace("\\n", "\n"))).containsExactly(problem);
    }

    @Test
    void aBinaryFileIsReportedAsOneProblem() throws Exception {
        assertThat(problems("PK\u0003\u0004\u0000\n\u0001\n\u0002\n"))
                .singleElement()
                .asString()
                .startsWith("f is no text; expected is UTF-8 with one request per line");
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-16LE", "UTF-16", "UTF-32"})
    void aFileOfAnotherCharsetIsReportedAsOneProblem(String charset) throws Exception {
        Path file = Files.write(folder.resolve("f"), line("a").getBytes(Charset.forName(charset)));

        assertThat(problems(file)).singleElement().asString().startsWith("f is no text; expected is UTF-8");
    }

    @Test
    void bytesThatAreNoTextAreProblemsOfTheirLines() throws Exception {
        byte[] lines = (line("a") + line("N") + line("?") + line("b")).getBytes(UTF_8);
        for (int i = 0; i < lines.length; i++) {
            lines[i] = lines[i] == 'N' ? 0 : lines[i] == '?' ? (byte) 0xff : lines[i];
        }

        assertThat(problems(Files.write(folder.resolve("f"), lines)))
                .hasSize(2)
                .anySatisfy(problem -> assertThat(problem).startsWith("f line 2: is no JSON"))
                .anySatisfy(problem -> assertThat(problem).startsWith("f line 3: is no JSON"));
    }

    @Test
    void aProblemIsShortHoweverLongItsLineIs() throws Exception {
        String same = line("x".repeat(20_000));

        assertThat(lineProblems(same + same, 9))
                .singleElement()
                .satisfies(problem -> assertThat(problem.message()).hasSizeLessThan(400));
    }

    @Test
    void problemsContainNoControlCharacters() throws Exception {
        assertThat(problems("{\"custom_id\":\"\u001b[31m\"}"))
                .singleElement()
                .asString()
                .doesNotContain("\u001b");
    }

    @Test
    void badLinesCanBeSkipped() throws Exception {
        BatchInput input = BatchInput.check(file("?\n" + line("a") + line("a") + line("b")), "f", true, MAX_BODY_BYTES);

        assertThat(lines(input)).extracting(BatchLine::number).containsExactly(2, 4);
        assertThat(input.skippedCount()).isEqualTo(2);
        assertThat(input.problems()).hasSize(2).first().asString().startsWith("f line 1: ");
    }

    @Test
    void aFileThatChangesAfterTheCheckIsNoticed() throws Exception {
        BatchInput input = check(line("a") + line("b"));
        file(line("a") + line("c"));

        try (BatchInput.Lines lines = input.open()) {
            assertThat(lines.read(1).customId()).isEqualTo("a");
            assertThatThrownBy(() -> lines.read(2)).hasMessage("f line 2 has changed while the batch was under way");
        }
    }

    @Test
    void idsDependOnContentAndRunOnly() throws Exception {
        BatchInput input = check(line("a") + line("b"));
        BatchInput again = check(line("a") + line("b"));
        BatchInput other = check(line("a") + line("c"));

        assertThat(input.idPrefix("run"))
                .matches("batch-[0-9a-f]{16}-run-")
                .isEqualTo(again.idPrefix("run"))
                .isNotEqualTo(other.idPrefix("run"));
        assertThat(input.requestCount()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "nonsense                                   | is no JSON",
                "[1]                                        | is no JSON object",
                "{\"custom_id\":\"a\"                       | is no JSON",
                "{\"custom_id\":\"a\"}                      | body must be a JSON object",
                "{\"custom_id\":\"a\",\"body\":\"x\"}       | body must be a JSON object",
                "{\"custom_id\":7,\"body\":{}}              | custom_id must be a text that is not empty",
                "{\"custom_id\":\"a\",\"body\":{\"model\":\"m\"}} | body.messages is missing",
                "{\"custom_id\":\"a\",\"method\":\"GET\",\"body\":{}} | method must be \"POST\"",
                "{\"custom_id\":\"a\",\"url\":\"/v1/embeddings\",\"body\":{}} | url must be",
                "{\"custom_id\":\"a\",\"custom_id\":\"b\",\"body\":{}} | custom_id is there twice",
                "{\"custom_id\":\"a\",\"body\":{},\"body\":{}} | body is there twice",
                "{\"custom_id\":\"a\",\"model\":\"m\",\"messages\":[]} | body must be a JSON object",
            })
    void aBadLineIsReportedWithItsNumberAndProblem(String line, String problem) throws Exception {
        assertThat(problems(line("good") + line))
                .singleElement()
                .asString()
                .startsWith("f line 2: ")
                .contains(problem);
    }

    @Test
    void allProblemsOfALineAreReportedTogether() throws Exception {
        assertThat(problems("{\"method\":\"GET\",\"body\":{}}"))
                .singleElement()
                .asString()
                .contains("custom_id", "method", "body.model", "body.messages");
    }

    @Test
    void aDuplicateCustomIdIsReportedWithBothLines() throws Exception {
        assertThat(problems(line("a") + line("b") + line("a")))
                .containsExactly("f line 3: custom_id \"a\" is that of line 1 too; make it unique");
    }

    @Test
    void linesAfterATooLongLineAreChecked() throws Exception {
        assertThat(problems("x".repeat(BatchLine.lineBytes(MAX_BODY_BYTES) + 1) + "\n" + line("a") + "?"))
                .hasSize(2)
                .anySatisfy(problem -> assertThat(problem).contains("f line 1: is longer than"))
                .anySatisfy(problem -> assertThat(problem).contains("f line 3: is no JSON"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "nonsense | invalid_json_line",
                "[1] | invalid_json_line",
                "{\"custom_id\":\"a\"} | invalid_request",
                "{\"custom_id\":\"a\",\"url\":\"/v1/embeddings\",\"body\":{}} | url_mismatch",
                "{\"custom_id\":\"good\",\"body\":{\"model\":\"m\",\"messages\":[]}} | duplicate_custom_id"
            })
    void aBadLineHasItsNumberAndTheWordOfTheApi(String line, String code) throws Exception {
        List<LineProblem> found = lineProblems(line("good") + "\r\n".repeat(69_998) + line, 50_000);

        assertThat(found).singleElement().satisfies(problem -> {
            assertThat(problem.line()).isEqualTo(70_000);
            assertThat(problem.code()).isEqualTo(code);
            assertThat(problem.message()).doesNotContain("70000");
        });
    }

    @Test
    void aFileHasAWordForWhatIsWrongWithAllOfIt() throws Exception {
        assertThat(lineProblems("", 1)).extracting(LineProblem::code).containsExactly("empty_batch");
        assertThat(lineProblems("\n\r\n  \n", 1)).extracting(LineProblem::code).containsExactly("empty_batch");
        assertThat(lineProblems(line("a") + line("b") + "?", 1)).singleElement().satisfies(problem -> {
            assertThat(problem.line()).isZero();
            assertThat(problem.code()).isEqualTo("too_many_tasks");
            assertThat(problem.message()).contains("more than 1 requests");
        });
        assertThat(BatchInput.checkUpTo(2, file(line("a") + line("b")), "f", MAX_BODY_BYTES)
                        .requestCount())
                .isEqualTo(2);
    }

    private List<LineProblem> lineProblems(String text, int maxRequests) throws IOException {
        Path file = file(text);
        return catchThrowableOfType(
                        BatchInput.BadLinesException.class,
                        () -> BatchInput.checkUpTo(maxRequests, file, "f", MAX_BODY_BYTES))
                .lineProblems();
    }

    @Test
    void onlyTheFirstTwentyProblemsAreListedAndTheOthersCounted() throws Exception {
        List<String> problems = problems("?\n".repeat(25));

        assertThat(problems).hasSize(21).last().asString().isEqualTo("f: 5 more bad lines");
    }

    @Test
    void aFileWithoutRequestsIsAProblem() throws Exception {
        assertThat(problems("\n \n")).singleElement().asString().contains("holds no request");
    }

    private static String line(String customId) {
        return "{\"custom_id\":\"" + customId + "\",\"body\":" + BODY + "}\n";
    }

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("batch.jsonl"), text);
    }

    private List<String> problems(String text) throws IOException {
        return problems(file(text));
    }

    private static List<String> problems(Path file) {
        return catchThrowableOfType(
                        BatchInput.BadLinesException.class, () -> BatchInput.check(file, "f", false, MAX_BODY_BYTES))
                .problems();
    }

    private BatchInput check(String text) throws Exception {
        return BatchInput.check(file(text), "f", false, MAX_BODY_BYTES);
    }

    private List<BatchLine> lines(String text) throws Exception {
        return lines(check(text));
    }

    private static List<BatchLine> lines(BatchInput input) throws Exception {
        List<BatchLine> found = new ArrayList<>();
        LineStates states = new LineStates(input);
        try (BatchInput.Lines lines = input.open()) {
            for (int line = states.nextToSend(0); line >= 0; line = states.nextToSend(line + 1)) {
                found.add(lines.read(line));
            }
        }
        return found;
    }
}
