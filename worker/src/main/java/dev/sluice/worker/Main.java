package dev.sluice.worker;

import dev.sluice.worker.cli.Cli;
import dev.sluice.worker.cli.command.Terminal;

/** The entry point of {@code sluice.jar}. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(Cli.run(Terminal.ofProcess(), args));
    }
}
