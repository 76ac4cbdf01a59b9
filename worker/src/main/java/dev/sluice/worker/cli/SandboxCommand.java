package dev.sluice.worker.cli;

import dev.sluice.worker.cli.command.Subcommand;
import java.util.List;
import picocli.CommandLine.Command;

/**
 * Lists the sandbox among the commands. The sandbox itself is another jar, because a worker's jar should not contain a
 * broker.
 */
@Command(
        name = "sandbox",
        description = "Run a Kafka broker and a stand-in for the API on this machine, until Ctrl-C.",
        footer = "It is a jar of its own, which the launcher starts: see 'scripts/sluice sandbox --help'.")
final class SandboxCommand implements Subcommand {
    @Override
    public void check(List<String> problems) {
        problems.clear();
        problems.add("the sandbox is a jar of its own; start it with scripts/sluice sandbox");
    }

    @Override
    public int run() {
        throw new IllegalStateException("check always finds a problem");
    }
}
