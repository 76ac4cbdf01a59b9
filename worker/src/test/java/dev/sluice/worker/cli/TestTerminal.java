package dev.sluice.worker.cli;

import dev.sluice.worker.cli.command.Terminal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** A terminal for tests, with an environment, an input and an output in memory. */
public final class TestTerminal {
    private final Map<String, String> env = new HashMap<>();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private byte[] in = new byte[0];
    private boolean redraws;

    public TestTerminal env(String name, String value) {
        env.put(name, value);
        return this;
    }

    public TestTerminal in(String text) {
        in = text.getBytes(StandardCharsets.UTF_8);
        return this;
    }

    public Terminal terminal() {
        return terminal(new PrintStream(out, true, StandardCharsets.UTF_8));
    }

    /** Returns a terminal with another standard output. */
    public Terminal terminal(PrintStream standardOutput) {
        return new Terminal(
                env,
                new ByteArrayInputStream(in),
                standardOutput,
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false,
                redraws);
    }

    /** Makes standard output a terminal. */
    TestTerminal redraws() {
        redraws = true;
        return this;
    }

    public int run(String... args) {
        return Cli.run(terminal(), args);
    }

    public String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    public String err() {
        return err.toString(StandardCharsets.UTF_8);
    }
}
