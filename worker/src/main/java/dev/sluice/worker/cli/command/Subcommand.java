package dev.sluice.worker.cli.command;

import dev.sluice.worker.text.CommandException;
import java.util.List;

/** A command below {@code sluice}, its options already set. */
public interface Subcommand {
    /**
     * Looks at everything that can be judged before anything is started, files included.
     *
     * @param problems takes one sentence per problem, so that all of them are reported at once
     */
    void check(List<String> problems) throws InterruptedException;

    /**
     * Does the work; called only where {@link #check} found no problem.
     *
     * @return the exit code: 0, or 1 where something that was started has failed and the reason has been said
     * @throws CommandException where it cannot start after all
     */
    int run() throws InterruptedException;
}
