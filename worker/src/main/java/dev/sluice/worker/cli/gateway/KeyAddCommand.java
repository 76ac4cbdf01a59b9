package dev.sluice.worker.cli.gateway;

import dev.sluice.gateway.KeyFileEditor;
import dev.sluice.worker.cli.command.ExitCode;
import dev.sluice.worker.cli.command.Logging;
import dev.sluice.worker.cli.command.Subcommand;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.options.OptionError;
import dev.sluice.worker.cli.options.OptionNames;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command {@code sluice gateway key add}. */
@Command(
        name = "add",
        abbreviateSynopsis = true,
        sortOptions = false,
        description = {
            "Make a key for a client of the gateway, write its hash into the file of keys, and print the key.",
            "It is shown this once and kept nowhere. Gateways read the file again within seconds."
        },
        footerHeading = "%nExample:%n",
        footer = "  sluice gateway key add web --keys-file /etc/sluice/keys --express --max-waiting 50")
public final class KeyAddCommand implements Subcommand {
    private static final int MAX_COUNT = 999_999_999;
    private static final int MAX_TENANT_BYTES = 256;

    private final Terminal terminal;

    @Mixin
    private KeyFileOptions options = new KeyFileOptions();

    @Option(
            names = "--tenant",
            paramLabel = "TENANT",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = {"The tenant of all requests with this key.", "  Default: the name of the key"})
    private @Nullable String tenant;

    @Option(
            names = "--express",
            defaultValue = "false",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "Put the requests with this key before the backlog of their model.")
    private boolean express;

    @Option(
            names = "--max-waiting",
            paramLabel = "REQUESTS",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "Most requests with this key that wait at once in each gateway.")
    private @Nullable Integer maxWaiting;

    @Option(
            names = "--max-per-second",
            paramLabel = "REQUESTS",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "Most requests with this key that each gateway takes in a second.")
    private @Nullable Integer maxPerSecond;

    public KeyAddCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void check(List<String> problems) {
        Logging.forClient();
        options.check(problems);
        requireCount("--max-waiting", maxWaiting, problems);
        requireCount("--max-per-second", maxPerSecond, problems);
        if (tenant != null && (!tenant.matches("\\S+") || bytes(tenant) > MAX_TENANT_BYTES)) {
            problems.add(OptionError.of("--tenant", "1 to 256 bytes without white space", tenant));
        }
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    private static void requireCount(String name, @Nullable Integer count, List<String> problems) {
        if (count != null && (count < 1 || count > MAX_COUNT)) {
            problems.add(OptionError.of(name, "1 to " + MAX_COUNT, count));
        }
    }

    @Override
    public int run() {
        KeyFileEditor.Grant grant = new KeyFileEditor.Grant(
                options.name(), Optional.ofNullable(tenant), express, count(maxWaiting), count(maxPerSecond));
        String key = options.change(editor -> editor.add(grant, new SecureRandom()));
        terminal.out().println(key);
        terminal.err()
                .println("Key '" + options.name() + "' added to " + options.file()
                        + ". It is not shown again; clients send it as their API key.");
        return ExitCode.DONE;
    }

    private static OptionalInt count(@Nullable Integer count) {
        return count == null ? OptionalInt.empty() : OptionalInt.of(count);
    }
}
