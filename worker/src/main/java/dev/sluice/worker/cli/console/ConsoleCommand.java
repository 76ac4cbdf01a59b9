package dev.sluice.worker.cli.console;

import dev.sluice.console.Console;
import dev.sluice.console.ConsoleConfig;
import dev.sluice.console.KafkaQueueReader;
import dev.sluice.console.QueueAccess;
import dev.sluice.worker.cli.command.ExitCode;
import dev.sluice.worker.cli.command.Subcommand;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.connection.AdminConnector;
import dev.sluice.worker.cli.connection.KafkaOptions;
import dev.sluice.worker.cli.options.LogOptions;
import dev.sluice.worker.cli.options.OptionError;
import dev.sluice.worker.kafka.AdminResults;
import dev.sluice.worker.kafka.AdminTimeouts;
import dev.sluice.worker.pool.PoolReader;
import dev.sluice.worker.status.StatusReader;
import dev.sluice.worker.text.CommandException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command {@code sluice console}. */
@Command(
        name = "console",
        abbreviateSynopsis = true,
        sortOptions = false,
        description = {
            "Serve a page that shows a queue as it is now, its last hour and its dead letters, until SIGTERM or "
                    + "Ctrl-C.",
            "",
            "It shows what 'sluice status' knows: whether requests flow, how fast against the limits, what stands "
                    + "still and why, what waits, and who works on it. Dead letters can be searched, looked at and "
                    + "replayed, as with 'sluice dlq'. It asks Kafka only."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  sluice console", "  then open http://localhost:8081"})
public final class ConsoleCommand implements Subcommand {
    /** The time in which the console must have closed: a replay needs it for the letters under way. */
    private static final Duration CLOSE_TIME = Duration.ofSeconds(15);

    private final Terminal terminal;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "8081",
            description = "Port to listen on; 0 takes a free one.")
    private int port;

    @Option(
            names = "--address",
            paramLabel = "ADDRESS",
            defaultValue = "127.0.0.1",
            description =
                    "This machine's address to listen on; 0.0.0.0 is all of them. Any but a loopback address needs "
                            + "--without-users.")
    private String address = "";

    @Option(
            names = "--without-users",
            defaultValue = "false",
            description = "Let everybody look, and replay dead letters, who reaches the address, for example in a "
                    + "container whose port is published on loopback only.")
    private boolean withoutUsers;

    @Option(
            names = "--history-dir",
            paramLabel = "DIR",
            description = {
                "Directory in which the last hour is kept for a restart: less than 100 KiB for each queue.",
                "  Default: ~/.local/state/sluice"
            })
    private @Nullable Path historyDir;

    @Option(
            names = "--group",
            paramLabel = "NAME",
            defaultValue = "sluice",
            description = "Consumer group of the workers.")
    private String group = "";

    @Mixin
    private KafkaOptions kafka = new KafkaOptions();

    @Mixin
    private LogOptions log = new LogOptions();

    public ConsoleCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void check(List<String> problems) {
        log.apply();
        kafka.check(problems);
        if (port < 0 || port > 65_535) {
            problems.add(OptionError.of("--port", "0 to 65535", port));
        }
        if (group.isBlank()) {
            problems.add(OptionError.of("--group", "a name (left out: 'sluice')", group));
        }
        try {
            if (!InetAddress.getByName(address).isLoopbackAddress() && !withoutUsers) {
                problems.add("--address: " + address + " can be reached from other machines; give --without-users if"
                        + " everybody there may look and replay");
            }
        } catch (UnknownHostException e) {
            problems.add(OptionError.of("--address", "an address of this machine, such as 0.0.0.0", address));
        }
    }

    /**
     * Serves the page. This does not return after a signal, because the shutdown hook ends the process.
     *
     * @throws CommandException if the console cannot start for a reason that a person can fix
     */
    @Override
    public int run() throws InterruptedException {
        Admin admin = AdminConnector.connect(kafka);
        ConsoleConfig config = new ConsoleConfig(address, port, historyFile(admin));
        QueueAccess access = new QueueAccess(admin, kafka.properties(), kafka.topics());
        KafkaQueueReader reader = new KafkaQueueReader(
                new StatusReader(admin, kafka.properties(), kafka.topics(), group),
                new PoolReader(kafka.properties(), "sluice-console", kafka.topics()));
        Console console = start(config, reader, access);
        // A static logger would fix the log's layout before the options have set it.
        Logger started = LoggerFactory.getLogger(ConsoleCommand.class);
        started.atInfo()
                .addKeyValue("address", address)
                .addKeyValue("port", console.port())
                .log("Console listens");
        terminal.out().println("http://" + shownHost() + ":" + console.port());
        Runtime.getRuntime().addShutdownHook(new Thread(() -> closeAndHalt(console), "close-on-shutdown"));
        new CountDownLatch(1).await();
        return ExitCode.DONE;
    }

    private static Console start(ConsoleConfig config, KafkaQueueReader reader, QueueAccess access) {
        try {
            return Console.start(config, reader, access);
        } catch (CompletionException e) {
            throw new CommandException("port " + config.port() + " cannot be had at " + config.address() + " ("
                    + e.getCause().getMessage() + "); choose another with --port or --address");
        }
    }

    /** Returns the address as a person types it, who may not know that 127.0.0.1 is localhost. */
    private String shownHost() {
        return address.equals("127.0.0.1") ? "localhost" : address.contains(":") ? "[" + address + "]" : address;
    }

    /** Returns the file of this queue, whose name two clusters may have given. */
    private Path historyFile(Admin admin) throws InterruptedException {
        Path directory =
                historyDir != null ? historyDir : Path.of(System.getProperty("user.home"), ".local", "state", "sluice");
        try {
            String cluster = admin.describeCluster(
                            new DescribeClusterOptions().timeoutMs(AdminTimeouts.FOREGROUND_MILLIS))
                    .clusterId()
                    .get();
            return directory.resolve("console-" + cluster + "-" + kafka.topics().base() + ".jsonl");
        } catch (ExecutionException e) {
            throw AdminResults.unreadable("the id of the cluster", e.getCause());
        }
    }

    /**
     * Closes everything in the shutdown hook, and ends the process. After SIGTERM the JVM itself would exit with 143,
     * which supervisors take for a crash.
     */
    private static void closeAndHalt(Console console) {
        Thread closing = new Thread(console::close, "close");
        closing.setDaemon(true);
        closing.start();
        try {
            closing.join(CLOSE_TIME.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Runtime.getRuntime().halt(ExitCode.DONE);
    }
}
