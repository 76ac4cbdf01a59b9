package dev.sluice.worker.cli.command;

import dev.sluice.worker.text.CommandException;

/** The exit codes of all commands. They are a promise to scripts. */
public final class ExitCode {
    /** The command did what it was asked to do. */
    public static final int DONE = 0;
    /** Something that the command has started failed. */
    public static final int FAILED = 1;
    /** The command started nothing: a wrong option or input, no broker, no topics. See {@link CommandException}. */
    public static final int REFUSED = 2;

    private ExitCode() {}
}
