package dev.sluice.trials;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;

/** Sends a process the signals for which Java has no method. Needs a POSIX system. */
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

    private static void send(String signal, ProcessHandle process) {
        try {
            Process kill = new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                    .redirectErrorStream(true)
                    .start();
            String output = new String(kill.getInputStream().readAllBytes(), Charset.defaultCharset());
            if (kill.waitFor() != 0 && process.isAlive()) {
                throw new IllegalStateException("cannot send SIG" + signal + " to " + process.pid() + ": " + output);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot run kill", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
