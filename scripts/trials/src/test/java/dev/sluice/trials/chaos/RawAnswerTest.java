package dev.sluice.trials.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RawAnswerTest {
    private static final String ERROR = "{\"error\":{\"message\":\"no\",\"type\":\"t\",\"code\":\"c\"}}";
    private static final String TIMEOUT = ERROR.replace("\"c\"", "\"timeout\"");

    private static String answer(int status, String type, String body) {
        return "HTTP/1.1 " + status + " Word\r\ncontent-type: " + type + "\r\ncontent-length: " + body.length()
                + "\r\n\r\n" + body;
    }

    @Test
    void readsAllAnswersOfAConnection() {
        List<RawAnswer> answers = RawAnswer.read(
                "HTTP/1.1 100 Continue\r\n\r\n" + answer(200, "text/plain", "ok") + answer(404, "x", "y"), false);

        assertThat(answers).extracting(RawAnswer::status).containsExactly(100, 200, 404);
        assertThat(answers).extracting(RawAnswer::body).containsExactly("", "ok", "y");
        assertThat(answers).allMatch(RawAnswer::isWhole);
    }

    @Test
    void noticesAnAnswerThatIsCut() {
        String whole = answer(200, "text/plain", "ok");

        assertThat(RawAnswer.read(whole.substring(0, whole.length() - 1), false))
                .noneMatch(RawAnswer::isWhole);
        assertThat(RawAnswer.read(whole.substring(0, 20), false)).noneMatch(RawAnswer::isWhole);
    }

    @Test
    void readsAnAnswerInChunks() {
        String head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        String whole = head + "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n";

        assertThat(RawAnswer.read(whole + whole, false))
                .hasSize(2)
                .allMatch(RawAnswer::isWhole)
                .extracting(RawAnswer::body)
                .containsOnly("abcd");
        for (int end = head.length(); end < whole.length(); end++) {
            assertThat(RawAnswer.read(whole.substring(0, end), false))
                    .singleElement()
                    .matches(answer -> !answer.isWhole());
        }
        assertThatIllegalArgumentException().isThrownBy(() -> RawAnswer.read(head + "x\r\n", false));
        assertThatIllegalArgumentException().isThrownBy(() -> RawAnswer.read(head + "1\r\nabcd", false));
    }

    @Test
    void answersToHeadHaveALengthAndNoBody() {
        String head = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n";

        assertThat(RawAnswer.read(head + head, true)).hasSize(2).allMatch(RawAnswer::isWhole);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "FOO/1.1 501 Not Implemented\r\n\r\n",
                "HTTP/1.1 600 Word\r\ncontent-length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
                "HTTP/1.1 200 OK\r\nx: \u0001\r\n\r\n",
                "HTTP/1.1 200 OK\r\n\r\nwithout a length"
            })
    void whatIsNoHttpIsFound(String bytes) {
        assertThatIllegalArgumentException().isThrownBy(() -> RawAnswer.read(bytes, false));
    }

    @Test
    void judgesAnAnswerByItsForm() {
        assertThat(problem(answer(400, "application/json", ERROR))).isEmpty();
        assertThat(problem(answer(200, "application/json", "{}"))).isEmpty();
        assertThat(problem(answer(200, "text/event-stream", "data: [DONE]\n\n")))
                .isEmpty();

        assertThat(problem(answer(200, "text/event-stream", "data: {}\n\nevent: error\ndata: " + TIMEOUT + "\n\n")))
                .as("a stream that has begun when its client's time is over")
                .isEmpty();

        assertThat(problem(answer(400, "text/html", "<html>"))).contains("an error of type text/html");
        assertThat(problem(answer(400, "application/json", "{}"))).contains("no error in OpenAI's form");
        assertThat(problem(answer(500, "application/json", ERROR))).contains("status 500");
        assertThat(problem(answer(501, "text/plain", ""))).contains("status 501 without a body");
        assertThat(problem(answer(302, "application/json", "{}"))).contains("status 302");
        assertThat(problem(answer(200, "application/json", "{"))).contains("a wrong body of type application/json");
        assertThat(problem(answer(200, "text/event-stream", "data: {}\n\ndata: " + ERROR + "\n\n")))
                .as("an error that a good request cannot meet")
                .contains("a wrong body of type text/event-stream");
        assertThat(problem(answer(200, "text/event-stream", "data: {}\n\ndata: " + TIMEOUT)))
                .as("cut off")
                .contains("a wrong body of type text/event-stream");
        assertThat(problem(answer(200, "text/event-stream", "data: {}\n\n")))
                .contains("a wrong body of type text/event-stream");
    }

    private static Optional<String> problem(String bytes) {
        return FuzzedAnswerCheck.problem(RawAnswer.read(bytes, false).get(0), false);
    }
}
