package dev.sluice.worker.cli.command;

import dev.sluice.worker.text.CommandException;
import java.util.List;

/** A command below {@code sluice}. Picocli sets its options before the first call. */
public interface Subcommand {
    /**
     * Checks everything that can be checked before anything is started, files included.
     *
     * @param problems takes one sentence per problem, so that a person sees all of them at once
     */
    void check(List<String> problems) throws InterruptedException;

    /**
     * Does the work. This is called only if {@link #check} found no problem.
     *
     * @return {@link ExitCode#DONE}, or {@link ExitCode#FAILED} after the command has printed the reason
     * @throws CommandException if the command cannot start after all
     */
    int run() throws InterruptedException;

    /** Returns true if the command goes on until nobody takes its output any more, so that this is no failure. */
    default boolean endsWithItsOutput() {
        return false;
    }
}
