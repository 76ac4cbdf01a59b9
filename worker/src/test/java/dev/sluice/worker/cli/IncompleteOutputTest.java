package dev.sluice.worker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class IncompleteOutputTest {
    private final TestTerminal terminal = new TestTerminal();

    @Test
    void anOutputThatCannotBeWrittenIsAFailure() {
        OutputStream full = new OutputStream() {
            @Override
            public void write(int written) throws IOException {
                throw new IOException("No space left on device");
            }
        };

        int code = Cli.run(terminal.terminal(new PrintStream(full, true, StandardCharsets.UTF_8)), "completion");

        assertThat(code).isEqualTo(1);
        assertThat(terminal.err())
                .isEqualToIgnoringNewLines("sluice completion: standard output is incomplete: it is closed, or there is"
                        + " no space left");
    }
}
