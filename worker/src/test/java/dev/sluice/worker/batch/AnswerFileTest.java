package dev.sluice.worker.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AnswerFileTest {
    @TempDir
    private Path folder;

    private Path file;
    private BatchInput input;
    private LineStates states;

    @BeforeEach
    void batch() throws Exception {
        StringBuilder lines = new StringBuilder();
        for (String customId : new String[] {"a", "b", "c"}) {
            lines.append("{\"custom_id\":\"" + customId
                    + "\",\"body\":{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}}\n");
        }
        input = BatchInput.check(Files.writeString(folder.resolve("in.jsonl"), lines), "in.jsonl", false, 1 << 20);
        states = new LineStates(input);
        file = folder.resolve("out.jsonl");
    }

    @Test
    void answersAreMarkedAsOkOrFailed() throws Exception {
        AnswerFile answers = read(answer("b", "null") + answer("a", "{\"code\":\"rejected\",\"error\":null}"));

        assertThat(states.answeredCount()).isEqualTo(2);
        assertThat(states.failedCount()).isEqualTo(1);
        assertThat(states.nextToSend(0)).isEqualTo(3);
        assertThat(answers.isInOrder()).isFalse();
    }

    @Test
    void aTornLineIsRemovedAndItsRequestSentAgain() throws Exception {
        AnswerFile answers = read(answer("a", "null") + answer("b", "null").strip());
        try (OutputStream out = answers.open()) {
            out.write("next\n".getBytes(StandardCharsets.UTF_8));
        }

        assertThat(states.nextToSend(0)).isEqualTo(2);
        assertThat(answers.isInOrder()).isTrue();
        assertThat(file).hasContent(answer("a", "null") + "next\n");
    }

    @Test
    void anAnswerToAnotherBatchIsRefused() throws IOException {
        Files.writeString(file, answer("a", "null") + answer("z", "null"));

        assertThatThrownBy(() -> new AnswerFile(file).read(input, states))
                .hasMessageContaining("line 2 answers \"z\", which is not in in.jsonl");
    }

    @Test
    void answersThatAnotherProcessWroteSinceAreNotOverwritten() throws Exception {
        AnswerFile answers = read(answer("a", "null"));
        String later = answer("a", "null") + answer("b", "null");
        Files.writeString(file, later);

        assertThatThrownBy(answers::open)
                .isInstanceOf(AnswerFile.InUseException.class)
                .hasMessage("another process is writing " + file);
        assertThat(file).hasContent(later);
    }

    private AnswerFile read(String text) throws IOException {
        Files.writeString(file, text);
        AnswerFile answers = new AnswerFile(file);
        answers.read(input, states);
        return answers;
    }

    private static String answer(String customId, String error) {
        return "{\"id\":\"x\",\"custom_id\":\"" + customId
                + "\",\"response\":{\"custom_id\":\"z\",\"error\":null},\"error\":" + error + "}\n";
    }
}
