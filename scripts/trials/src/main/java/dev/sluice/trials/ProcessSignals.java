package dev.sluice.trials;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;

/** Sends a process the signals that Java has no method for. Needs a POSIX system. */
final class ProcessSignals {
    private ProcessSignals() {}

    /** Holds the process still; it can't notice. */
    static void stop(ProcessHandle process) {
        send("STOP", process);
    }

    /** Lets a process that is held still go on. */
    static void proceed(ProcessHandle process) {
        send("CONT", process);
    }

    private static void send(String signal, ProcessHandle process) {
        try {
            Process kill = new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                    .redirectErrorStream(true)
                    .start();
            String output = new String(kill.getInputStream().readAllBytes(), Charset.defaultCharset());
            if (kill.waitFor() != 0 && process.isAlive()) {
                throw new IllegalStateException("could not send SIG" + signal + " to " + process.pid() + ": " + output);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException("could not run kill", failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
