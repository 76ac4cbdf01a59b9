package dev.sluice.worker.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** A shell whose output can be read, without a terminal. */
final class TestShell {
    private final Map<String, String> env = new HashMap<>();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private byte[] in = new byte[0];
    private boolean redraws;

    TestShell env(String name, String value) {
        env.put(name, value);
        return this;
    }

    TestShell in(String text) {
        in = text.getBytes(StandardCharsets.UTF_8);
        return this;
    }

    Shell shell() {
        return shell(new PrintStream(out, true, StandardCharsets.UTF_8));
    }

    /** With another standard output. */
    Shell shell(PrintStream standardOutput) {
        return new Shell(
                env,
                new ByteArrayInputStream(in),
                standardOutput,
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false,
                redraws);
    }

    /** As if standard output were a terminal. */
    TestShell redraws() {
        redraws = true;
        return this;
    }

    int run(String... args) {
        return Cli.run(shell(), args);
    }

    String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    String err() {
        return err.toString(StandardCharsets.UTF_8);
    }
}
