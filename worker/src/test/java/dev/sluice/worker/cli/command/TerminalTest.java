package dev.sluice.worker.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TerminalTest {
    private static final String HOSTILE = "an answer \u001b[2J\u202e\r\nof two lines";

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void whatAPersonSeesIsEscaped() {
        Terminal terminal = terminal(true);
        terminal.out().println(HOSTILE);
        terminal.err().println(HOSTILE);

        String escaped = "an answer \\u001b[2J\\u202e\nof two lines\n";
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualToNormalizingNewlines(escaped);
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualToNormalizingNewlines(escaped);
    }

    @Test
    void aFileGetsTheAnswerAsItIs() {
        Terminal terminal = terminal(false);
        terminal.out().print(HOSTILE);

        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo(HOSTILE);
    }

    private Terminal terminal(boolean redraws) {
        return new Terminal(
                Map.of(),
                InputStream.nullInputStream(),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false,
                redraws);
    }
}
