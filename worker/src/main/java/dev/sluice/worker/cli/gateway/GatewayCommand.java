package dev.sluice.worker.cli.gateway;

import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.WaitTimes;
import dev.sluice.gateway.batches.BatchLimits;
import dev.sluice.gateway.files.FilesConfig;
import dev.sluice.worker.cli.command.Subcommand;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.connection.KafkaOptions;
import dev.sluice.worker.cli.options.Converters.ByteSize;
import dev.sluice.worker.cli.options.OptionError;
import dev.sluice.worker.cli.options.RequestLogOptions;
import dev.sluice.worker.cli.options.TlsOptions;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command {@code sluice gateway}. */
@Command(
        name = "gateway",
        abbreviateSynopsis = true,
        sortOptions = false,
        description = {
            "Take chat requests of OpenAI clients over HTTP, put them on the queue, and answer with their replies, "
                    + "until SIGTERM or Ctrl-C.",
            "",
            "A client needs another base_url and nothing else. Instead of a 429 its call waits for its turn. The "
                    + "provider's key is the workers' alone."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  sluice gateway",
            "  curl http://localhost:8080/v1/chat/completions -H 'content-type: application/json' \\",
            "      -d '{\"model\":\"openai/gpt-oss-20b\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}'",
            "",
            "'sluice gateway key add NAME --keys-file FILE' makes a key and adds a line with its hash to the file:",
            "NAME SHA256 [tenant=TENANT] [express] [max-waiting=N] [max-per-second=N]"
        })
public final class GatewayCommand implements Subcommand {
    private static final int MAX_BATCH_LINES = 1_000_000;

    private final Terminal terminal;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "8080",
            description = "Port to listen on; 0 takes a free one.")
    private int port;

    @Option(
            names = "--address",
            paramLabel = "ADDRESS",
            defaultValue = "127.0.0.1",
            description =
                    "This machine's address to listen on; 0.0.0.0 is all of them. Any but a loopback address needs "
                            + "--keys-file, or --without-keys.")
    private String address = "";

    @Option(
            names = "--keys-file",
            paramLabel = "FILE",
            description =
                    "The hashes of the keys that clients must send, each with its tenant and what it may do. Read "
                            + "again when it changes.")
    private @Nullable Path keysFile;

    @Option(
            names = "--without-keys",
            defaultValue = "false",
            description =
                    "Let everybody send requests who reaches the address, for example in a container whose port is "
                            + "published on loopback only.")
    private boolean withoutKeys;

    @Mixin
    private TlsOptions tls = new TlsOptions();

    @Option(
            names = "--max-waiting",
            paramLabel = "REQUESTS",
            defaultValue = "10000",
            description = "Most requests that wait at once in this gateway; more are answered with 503.")
    private int maxWaiting;

    @Option(
            names = "--max-wait",
            paramLabel = "DURATION",
            defaultValue = "10m",
            description =
                    "How long a request waits whose client does not say how long it will; it is not called any more "
                            + "after that.")
    private Duration maxWait = Duration.ZERO;

    @Option(
            names = "--max-request-bytes",
            paramLabel = "SIZE",
            defaultValue = "1008KiB",
            description = "Largest body of a request. Stay 16 KiB below the max.message.bytes of the request topics.")
    private ByteSize maxRequestBytes = new ByteSize(0);

    @Option(
            names = "--drain-timeout",
            paramLabel = "DURATION",
            defaultValue = "25s",
            description =
                    "How long requests may go on waiting when the gateway stops. Those that are left then are told "
                            + "to try again elsewhere.")
    private Duration drainTimeout = Duration.ZERO;

    @Option(
            names = "--files-dir",
            paramLabel = "DIR",
            description =
                    "Serve /v1/files and /v1/batches from this directory. Gateways may share it; one of them runs the "
                            + "batches. Without it neither is served.")
    private @Nullable Path filesDir;

    @Option(names = "--max-file-bytes", paramLabel = "SIZE", defaultValue = "200MiB", description = "Largest file.")
    private ByteSize maxFileBytes = new ByteSize(0);

    @Option(
            names = "--max-stored-bytes",
            paramLabel = "SIZE",
            defaultValue = "10GiB",
            description = "Most bytes of files that the clients of one key may have stored.")
    private ByteSize maxStoredBytes = new ByteSize(0);

    @Option(
            names = "--max-batch-lines",
            paramLabel = "LINES",
            defaultValue = "50000",
            description = "Most requests of a batch, up to a million.")
    private int maxBatchLines;

    @Mixin
    private KafkaOptions kafka = new KafkaOptions();

    @Mixin
    private RequestLogOptions log = new RequestLogOptions();

    public GatewayCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void check(List<String> problems) {
        log.apply();
        kafka.check(problems);
        require(port >= 0 && port <= 65_535, "--port", "0 to 65535", port, problems);
        require(maxWaiting >= 1, "--max-waiting", "1 or more", maxWaiting, problems);
        require(maxWait.toMillis() >= 1, "--max-wait", "more than zero", maxWait, problems);
        require(!drainTimeout.isNegative(), "--drain-timeout", "zero or more", drainTimeout, problems);
        long bytes = maxRequestBytes.bytes();
        require(bytes >= 1 && bytes <= 1 << 30, "--max-request-bytes", "1 to 1GiB", bytes, problems);
        require(maxFileBytes.bytes() >= 1, "--max-file-bytes", "1 or more", maxFileBytes, problems);
        require(maxStoredBytes.bytes() >= 1, "--max-stored-bytes", "1 or more", maxStoredBytes, problems);
        require(
                maxBatchLines >= 1 && maxBatchLines <= MAX_BATCH_LINES,
                "--max-batch-lines",
                "1 to " + MAX_BATCH_LINES,
                maxBatchLines,
                problems);
        tls.check(problems);
        checkAddress(problems);
    }

    private static void require(boolean holds, String name, String wanted, Object found, List<String> problems) {
        if (!holds) {
            problems.add(OptionError.of(name, wanted, found));
        }
    }

    private void checkAddress(List<String> problems) {
        if (keysFile != null && withoutKeys) {
            problems.add("--keys-file and --without-keys: choose one");
        }
        try {
            if (!InetAddress.getByName(address).isLoopbackAddress() && keysFile == null && !withoutKeys) {
                problems.add("--address: " + address + " can be reached from other machines; give --keys-file, or"
                        + " --without-keys if everybody there may send requests");
            }
        } catch (UnknownHostException e) {
            problems.add(OptionError.of("--address", "an address of this machine, such as 0.0.0.0", address));
        }
    }

    /** Returns the configuration. It is valid after a {@link #check} without problems. */
    GatewayConfig config() {
        return new GatewayConfig(
                address,
                port,
                Optional.ofNullable(keysFile),
                tls.files(),
                maxWaiting,
                (int) maxRequestBytes.bytes(),
                maxWait,
                WaitTimes.DEFAULT,
                Optional.ofNullable(filesDir)
                        .map(directory -> new FilesConfig(directory, maxFileBytes.bytes(), maxStoredBytes.bytes())));
    }

    @Override
    public int run() throws InterruptedException {
        BatchLimits batches = BatchLimits.of(maxBatchLines, (int) maxRequestBytes.bytes());
        return new GatewayRun(terminal, kafka, config(), batches, drainTimeout).untilStopped();
    }
}
