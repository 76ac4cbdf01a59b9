package dev.sluice.worker.cli.command;

import dev.sluice.worker.text.PrintableStream;
import java.io.Console;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.Map;

/**
 * The environment and the streams of the process. Tests pass their own. Text that is printed for a person is escaped,
 * see {@link PrintableStream}. Standard output that goes to a file or another program is left as it is.
 *
 * @param interactive whether {@code err} is a terminal, on which a line can be redrawn
 * @param redraws whether {@code out} is a terminal, on which the whole screen can be redrawn
 */
public record Terminal(
        Map<String, String> env,
        InputStream in,
        PrintStream out,
        PrintStream err,
        boolean interactive,
        boolean redraws) {
    public Terminal {
        err = new PrintableStream(err);
        out = redraws ? new PrintableStream(out) : out;
    }

    /**
     * The system property by which the launcher says whether standard error is a terminal, as {@code true} or
     * {@code false}. Java only knows about all streams together, and {@code sluice submit FILE > answers.jsonl} should
     * have a progress bar too.
     */
    static final String TERMINAL = "sluice.terminal";
    /** The same property for standard output. */
    static final String OUT_TERMINAL = "sluice.terminal.out";

    public static Terminal ofProcess() {
        return new Terminal(
                System.getenv(), System.in, System.out, System.err, isTerminal(TERMINAL), isTerminal(OUT_TERMINAL));
    }

    private static boolean isTerminal(String property) {
        String fromLauncher = System.getProperty(property);
        return fromLauncher == null ? isTerminal(System.console()) : Boolean.parseBoolean(fromLauncher);
    }

    /** Java 22 to 24 return a console even without a terminal. Without the launcher there is no progress bar there. */
    private static boolean isTerminal(Console console) {
        int java = Runtime.version().feature();
        return console != null && (java < 22 || java > 24);
    }
}
