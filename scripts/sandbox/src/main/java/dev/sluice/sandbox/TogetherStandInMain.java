package dev.sluice.sandbox;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Runs a {@link TogetherStandIn} as a process of its own until it is stopped. */
@Command(
        name = "stand-in",
        mixinStandardHelpOptions = true,
        description = "Runs a stand-in for Together AI's chat API until Ctrl-C; steer it over HTTP at /control.")
public final class TogetherStandInMain implements Callable<Integer> {
    @Option(
            names = "--port",
            defaultValue = "8430",
            description = "Port to listen on; 0: a free one (default: ${DEFAULT-VALUE}).")
    private int port;

    @Option(
            names = "--bind",
            defaultValue = "127.0.0.1",
            description = "Address to listen on (default: ${DEFAULT-VALUE}). Whoever reaches it can control it.")
    private String bind = "127.0.0.1";

    @Option(
            names = "--settings",
            paramLabel = "JSON|@FILE",
            defaultValue = "{}",
            description = "Settings that differ from the default, as /control takes them.")
    private String settings = "{}";

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private TogetherStandInMain() {}

    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return new CommandLine(new TogetherStandInMain()).setExpandAtFiles(false);
    }

    @Override
    public Integer call() throws IOException {
        try (TogetherStandIn standIn = TogetherStandIn.start(read(), new InetSocketAddress(bind, port))) {
            spec.commandLine().getOut().println("stand-in for the chat API at " + standIn.baseUrl());
            Thread.currentThread().join();
        } catch (InterruptedException e) {
            return 0; // an interrupt is the way to stop this command inside another process
        }
        return 0;
    }

    private StandInSettings read() throws IOException {
        try {
            String json = settings.startsWith("@") ? Files.readString(Path.of(settings.substring(1))) : settings;
            return StandInSettings.DEFAULT.patched(json);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--settings: " + e.getMessage(), e);
        }
    }
}
