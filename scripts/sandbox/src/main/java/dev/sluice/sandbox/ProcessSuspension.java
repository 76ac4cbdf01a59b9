package dev.sluice.sandbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.TimeUnit;

/**
 * A process that is suspended by SIGSTOP until it is released.
 *
 * <p>A stopped process cannot notice that its parent has died, so a small shell does it. The shell stops the process,
 * waits for the end of its own input and lets the process continue. The class is not thread-safe.
 */
final class ProcessSuspension {
    // SIGSTOP takes effect with a delay: on a busy machine the broker can still answer for some milliseconds. The
    // script therefore waits for T, the state "stopped".
    private static final String SUSPEND_SCRIPT = """
            trap '' INT
            kill -STOP "$0" || exit
            tries=0
            until ps -o stat= -p "$0" | grep -q '^T' || [ "$tries" -ge 200 ]; do
              tries=$((tries + 1))
              sleep 0.01
            done
            echo suspended
            read -r _
            kill -CONT "$0" 2> /dev/null
            """;
    private static final int RELEASE_SECONDS = 10;

    private final Process shell;

    private ProcessSuspension(Process shell) {
        this.shell = shell;
    }

    /**
     * Suspends the process {@code pid}. It is stopped on return. Without {@code ps} on this machine it may stop a
     * moment later.
     */
    static ProcessSuspension of(long pid) {
        try {
            Process shell = new ProcessBuilder("sh", "-c", SUSPEND_SCRIPT, Long.toString(pid))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            if (shell.getInputStream().read() < 0) {
                throw new IllegalStateException("could not send SIGSTOP to process " + pid);
            }
            return new ProcessSuspension(shell);
        } catch (IOException e) {
            throw new UncheckedIOException("could not run sh to suspend process " + pid, e);
        }
    }

    /** Lets the process continue. It has no effect if the process has been killed meanwhile. */
    void release() {
        try {
            shell.getOutputStream().close();
            if (!shell.waitFor(RELEASE_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the shell that suspends the broker did not end");
            }
        } catch (IOException e) {
            throw new UncheckedIOException("could not resume the broker", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
