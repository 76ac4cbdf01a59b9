package dev.sluice.sandbox;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The {@code sandbox} command. It runs a {@link SandboxBroker} and a {@link TogetherStandIn} until Ctrl-C or SIGTERM.
 *
 * <p>The exit code is 1 if either fails and 2 for an invalid option. A port in use and a folder that is not writable
 * count as invalid options.
 */
@Command(
        name = "sluice sandbox",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        abbreviateSynopsis = true,
        description = "Run a real Kafka broker and a stand-in for the chat API on this machine, until Ctrl-C.")
public final class Sandbox implements Callable<Integer> {
    private static final int FAILED = 1;
    private static final int WRONG_OPTION = 2;
    private static final double REQUESTS_PER_SECOND = 20;

    @Option(names = "--port", defaultValue = "9092", description = "Kafka's port; 0: a free one (${DEFAULT-VALUE}).")
    private int port;

    @Option(
            names = "--api-port",
            defaultValue = "8088",
            description = "The API's port; 0: a free one (${DEFAULT-VALUE}).")
    private int apiPort;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Folder that keeps Kafka's data for the next start (default: a temporary folder).")
    private @Nullable Path data;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private final AtomicBoolean stopping = new AtomicBoolean();

    private Sandbox() {}

    /** Runs the command and exits the JVM with its exit code. */
    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Sandbox())
                .setParameterExceptionHandler(
                        (optionError, args) -> report(optionError.getCommandLine(), optionError, WRONG_OPTION))
                .setExecutionExceptionHandler((e, command, parsed) -> report(command, e, FAILED));
    }

    private static int report(CommandLine command, Exception what, int exitCode) {
        command.getErr().println("sluice sandbox: " + what.getMessage());
        return exitCode;
    }

    @Override
    public Integer call() throws IOException {
        BrokerSettings settings = settings();
        requireFree("--api-port", apiPort);
        TogetherStandIn standIn = TogetherStandIn.start(
                StandInSettings.DEFAULT.withLimit(RateLimit.requests(REQUESTS_PER_SECOND)), apiPort);
        SandboxBroker broker = SandboxBroker.start(settings);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(broker, standIn), "sandbox-stop"));
        printInstructions(broker, standIn);
        String log = broker.ended().join();
        if (!stopping.get()) {
            throw new IllegalStateException("the broker has ended by itself; the end of its log:\n" + log);
        }
        return 0;
    }

    private BrokerSettings settings() throws IOException {
        requireFree("--port", port);
        BrokerSettings settings = BrokerSettings.defaults().withPort(port);
        return data == null ? settings : settings.withDataFolder(createWritable(data));
    }

    private void requireFree(String option, int wanted) {
        if (wanted < 0 || wanted > 65_535) {
            throw optionError(option + " " + wanted + ": must be 0 (any free one) to 65535");
        }
        if (wanted != 0 && !LoopbackPorts.isFree(wanted)) {
            throw optionError(
                    "port " + wanted + " is not available; stop what listens there, or choose another one, or 0 for any"
                            + " free one, with " + option);
        }
    }

    private Path createWritable(Path folder) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw optionError("--data " + folder + " can't be created (" + e + "); choose a folder of your own");
        }
        if (!Files.isWritable(folder)) {
            throw optionError("--data " + folder + " can't be written to; choose a folder of your own");
        }
        return folder;
    }

    private ParameterException optionError(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private void printInstructions(SandboxBroker broker, TogetherStandIn standIn) {
        String control = standIn.baseUrl().replaceAll("/v1$", "/control");
        PrintWriter out = spec.commandLine().getOut();
        out.printf("""
                Kafka and a stand-in for the chat API are running. In the shell that uses them:

                  export KAFKA_BOOTSTRAP_SERVERS=%1$s
                  export TOGETHER_BASE_URL=%2$s
                  export TOGETHER_API_KEY=sandbox

                The stand-in accepts %3$.0f requests per second and model. To see and to change its settings:

                  curl -s %4$s
                  curl -s -X PATCH %4$s -d '{"limits":{"perModel":{"requestsPerSecond":5}}}'

                Kafka's log: %5$s
                Ctrl-C ends both.
                """, broker.bootstrapServers(), standIn.baseUrl(), REQUESTS_PER_SECOND, control, broker.log());
        out.flush();
    }

    private void stop(SandboxBroker broker, TogetherStandIn standIn) {
        stopping.set(true);
        standIn.close();
        broker.close();
    }
}
