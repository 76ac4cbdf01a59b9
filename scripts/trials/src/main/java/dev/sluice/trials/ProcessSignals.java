package dev.sluice.trials;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.List;

/** Does to a process what Java has no method for. Needs a POSIX system. */
final class ProcessSignals {
    private ProcessSignals() {}

    /** Suspends the process, which cannot notice it. */
    static void stop(ProcessHandle process) {
        send("STOP", process);
    }

    /** Resumes a suspended process. */
    static void resume(ProcessHandle process) {
        send("CONT", process);
    }

    /** Binds all threads of the process, and those that they start, to the first processor. */
    static void bind(ProcessHandle process) {
        run(process, "taskset", "-a", "-c", "-p", "0");
    }

    private static void send(String signal, ProcessHandle process) {
        run(process, "kill", "-" + signal);
    }

    /** Runs a command whose last argument is the process. */
    private static void run(ProcessHandle process, String... command) {
        List<String> whole = new ArrayList<>(List.of(command));
        whole.add(Long.toString(process.pid()));
        try {
            Process run = new ProcessBuilder(whole).redirectErrorStream(true).start();
            String output = new String(run.getInputStream().readAllBytes(), Charset.defaultCharset());
            if (run.waitFor() != 0 && process.isAlive()) {
                throw new IllegalStateException("'" + String.join(" ", whole) + "' has failed: " + output);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot run " + command[0], e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
