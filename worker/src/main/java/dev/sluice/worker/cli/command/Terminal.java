package dev.sluice.worker.cli.command;

import java.io.Console;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.Map;

/**
 * What the process was given: its environment and its streams. Tests hand in their own.
 *
 * @param interactive whether {@code err} is a terminal on which a line may be drawn again
 * @param redraws whether {@code out} is a terminal on which everything may be drawn again
 */
public record Terminal(
        Map<String, String> env,
        InputStream in,
        PrintStream out,
        PrintStream err,
        boolean interactive,
        boolean redraws) {
    /**
     * Set by the launcher to {@code true} or {@code false}: only a terminal can tell whether standard error alone is a
     * terminal, and {@code sluice submit FILE > answers.jsonl} has a progress bar too.
     */
    static final String TERMINAL = "sluice.terminal";
    /** The same for standard output. */
    static final String OUT_TERMINAL = "sluice.terminal.out";

    public static Terminal ofProcess() {
        return new Terminal(
                System.getenv(), System.in, System.out, System.err, isTerminal(TERMINAL), isTerminal(OUT_TERMINAL));
    }

    private static boolean isTerminal(String property) {
        String told = System.getProperty(property);
        return told == null ? isTerminal(System.console()) : Boolean.parseBoolean(told);
    }

    /** From Java 22 to 24 there is a console even without a terminal; without our launcher we then do without a bar. */
    private static boolean isTerminal(Console console) {
        int java = Runtime.version().feature();
        return console != null && (java < 22 || java > 24);
    }
}
