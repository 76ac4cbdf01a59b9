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
    // SIGSTOP only asks: on a busy machine the broker can still answer for some milliseconds. T is the state "stopped".
    private static final String HOLD = """
            trap '' INT
            kill -STOP "$0" || exit
            tries=0
            until ps -o stat= -p "$0" | grep -q '^T' || [ "$tries" -ge 200 ]; do
              tries=$((tries + 1))
              sleep 0.01
            done
            echo held
            read -r _
            kill -CONT "$0" 2> /dev/null
            """;
    private static final int RELEASE_SECONDS = 10;

    private final Process holder;

    private ProcessSuspension(Process holder) {
        this.holder = holder;
    }

    /**
     * Suspends the process {@code pid}. It is stopped on return. Without {@code ps} on this machine it may stop a
     * moment later.
     */
    static ProcessSuspension of(long pid) {
        try {
            Process holder = new ProcessBuilder("sh", "-c", HOLD, Long.toString(pid))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            if (holder.getInputStream().read() < 0) {
                throw new IllegalStateException("could not send SIGSTOP to process " + pid);
            }
            return new ProcessSuspension(holder);
        } catch (IOException failure) {
            throw new UncheckedIOException("could not run sh to suspend process " + pid, failure);
        }
    }

    /** Lets the process continue. It has no effect if the process has been killed meanwhile. */
    void release() {
        try {
            holder.getOutputStream().close();
            if (!holder.waitFor(RELEASE_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the shell that suspends the broker does not end");
            }
        } catch (IOException failure) {
            throw new UncheckedIOException("could not resume the broker", failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
