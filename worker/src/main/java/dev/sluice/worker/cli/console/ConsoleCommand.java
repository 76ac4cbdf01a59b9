package dev.sluice.worker.cli.console;

import dev.sluice.console.Console;
import dev.sluice.console.ConsoleConfig;
import dev.sluice.console.ConsoleConfig.UserSource;
import dev.sluice.console.KafkaQueueReader;
import dev.sluice.console.QueueAccess;
import dev.sluice.worker.cli.command.ExitCode;
import dev.sluice.worker.cli.command.Subcommand;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.connection.AdminConnector;
import dev.sluice.worker.cli.connection.KafkaOptions;
import dev.sluice.worker.cli.options.LogOptions;
import dev.sluice.worker.cli.options.OptionError;
import dev.sluice.worker.cli.options.TlsOptions;
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
import java.util.Optional;
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
        footer = {
            "  sluice console",
            "  then open http://localhost:8081",
            "",
            "'sluice console user add NAME --users-file FILE' makes a password and adds a line with its hash to the "
                    + "file:",
            "NAME SHA256 RIGHTS, such as look,read,act. Without 'read' bodies are hidden, without 'act' nothing is "
                    + "replayed."
        })
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
                            + "--users-file and --tls-cert, or --without-users.")
    private String address = "";

    @Option(
            names = "--users-file",
            paramLabel = "FILE",
            description = "The people who may use the console, with the hashes of their passwords and what each may "
                    + "do. Read again when it changes.")
    private @Nullable Path usersFile;

    @Option(
            names = "--user-header",
            paramLabel = "HEADER",
            description = {
                "The header in which a proxy names the person whom it has let in, such as X-Forwarded-User. It counts "
                        + "only beside the password of a line with the right 'proxy' in --users-file, which the proxy "
                        + "sends as 'Authorization: Basic ...', so that nobody else can send it. The proxy must "
                        + "replace both headers, whatever comes."
            })
    private @Nullable String userHeader;

    @Option(
            names = "--without-users",
            defaultValue = "false",
            description = "Let everybody look, and replay dead letters, who reaches the address, for example in a "
                    + "container whose port is published on loopback only.")
    private boolean withoutUsers;

    @Mixin
    private TlsOptions tls = new TlsOptions();

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
        tls.check(problems);
        checkUsers(problems);
        checkAddress(problems);
    }

    private void checkUsers(List<String> problems) {
        if (usersFile != null && withoutUsers) {
            problems.add("--users-file and --without-users: choose one");
        }
        if (userHeader != null && usersFile == null) {
            problems.add("--user-header: needs --users-file, which has the proxy's password and what each person may"
                    + " do");
        }
        if (userHeader != null && !userHeader.matches("[A-Za-z0-9-]+")) {
            problems.add(OptionError.of("--user-header", "a header, such as X-Forwarded-User", userHeader));
        }
    }

    private void checkAddress(List<String> problems) {
        try {
            boolean isLoopback = InetAddress.getByName(address).isLoopbackAddress();
            if (!isLoopback && usersFile == null && !withoutUsers) {
                problems.add("--address: " + address + " can be reached from other machines; give --users-file with"
                        + " --tls-cert and --tls-key, or --without-users if everybody there may look and replay");
            } else if (!isLoopback && usersFile != null && tls.files().isEmpty()) {
                problems.add("--users-file: passwords would cross the network to " + address + " for all to read; give"
                        + " --tls-cert and --tls-key, or listen on 127.0.0.1 beside a proxy that serves https");
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
        ConsoleConfig config = new ConsoleConfig(address, port, historyFile(admin), tls.files(), users());
        QueueAccess access = new QueueAccess(admin, kafka.properties(), kafka.topics(), group);
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
        terminal.out().println((tls.files().isPresent() ? "https://" : "http://") + shownHost() + ":" + console.port());
        Runtime.getRuntime().addShutdownHook(new Thread(() -> closeAndHalt(console), "close-on-shutdown"));
        new CountDownLatch(1).await();
        return ExitCode.DONE;
    }

    private Optional<UserSource> users() {
        return Optional.ofNullable(usersFile).map(file -> new UserSource(file, Optional.ofNullable(userHeader)));
    }

    private static Console start(ConsoleConfig config, KafkaQueueReader reader, QueueAccess access) {
        try {
            return Console.start(config, reader, access);
        } catch (IllegalArgumentException e) {
            throw new CommandException(String.valueOf(e.getMessage()));
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
