package dev.sluice.worker.batch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.worker.batch.BatchOutput.Answer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AnswerBufferTest {
    private static final int MEMORY_BYTES = 20;

    @TempDir
    private Path folder;

    private AnswerBuffer buffer;

    @BeforeEach
    void open() {
        buffer = new AnswerBuffer(folder, MEMORY_BYTES);
    }

    @AfterEach
    void closeLeavesNoFile() throws Exception {
        buffer.close();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void theFileIsCreatedInTheGivenFolder() throws Exception {
        Path missing = folder.resolve("missing");
        try (AnswerBuffer misplaced = new AnswerBuffer(missing, 0)) {
            assertThatThrownBy(() -> misplaced.put(1, answer("x")))
                    .isInstanceOf(NoSuchFileException.class)
                    .hasMessageContaining(missing.toString());
        }
    }

    @Test
    void answersBeyondTheMemoryAreReturnedFromTheFile() throws Exception {
        buffer.put(1, answer("0123456789"));
        buffer.put(2, answer("0123456789"));
        buffer.put(3, answer("in the file, since the memory is full"));
        buffer.put(4, answer("there, too"));

        assertThat(text(buffer.take(3))).isEqualTo("in the file, since the memory is full");
        assertThat(text(buffer.take(1))).isEqualTo("0123456789");
        assertThat(text(buffer.take(4))).isEqualTo("there, too");
        assertThat(buffer.take(4)).isNull();
        assertThat(buffer.take(5)).isNull();
    }

    @Test
    void aSecondAnswerToALineIsIgnored() throws Exception {
        buffer.put(1, answer("first"));
        buffer.put(1, new Answer(false, new byte[0]));

        Answer taken = buffer.take(1);

        assertThat(text(taken)).isEqualTo("first");
        assertThat(taken).isNotNull().extracting(Answer::ok).isEqualTo(true);
    }

    @Test
    void randomOperationsMatchAMapAndTheFileStaysBounded() throws Exception {
        Random random = new Random(7);
        TreeMap<Integer, String> model = new TreeMap<>();
        for (int step = 0; step < 2_000; step++) {
            int line = random.nextInt(30);
            if (random.nextInt(5) < 2) {
                assertThat(text(buffer.take(line))).isEqualTo(model.remove(line));
            } else {
                String text = step + "x".repeat(random.nextInt(12));
                buffer.put(line, answer(text));
                model.putIfAbsent(line, text);
            }
            int waiting = model.values().stream().mapToInt(String::length).sum();
            assertThat(buffer.fileBytes()).isLessThanOrEqualTo(2L * waiting + MEMORY_BYTES);
        }
    }

    private static Answer answer(String text) {
        return new Answer(true, text.getBytes(UTF_8));
    }

    private static @Nullable String text(@Nullable Answer answer) {
        return answer == null ? null : new String(answer.line(), UTF_8);
    }
}
