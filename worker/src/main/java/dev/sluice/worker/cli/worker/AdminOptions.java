package dev.sluice.worker.cli.worker;

import dev.sluice.worker.cli.options.OptionError;
import dev.sluice.worker.observe.AdminPage;
import dev.sluice.worker.observe.AdminServer;
import dev.sluice.worker.observe.HealthChecks;
import dev.sluice.worker.text.CommandException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Option;

/** The options of the admin port, on which a worker answers probes and shows its metrics. */
final class AdminOptions {
    private static final int DEFAULT_PORT = 9400;
    private static final int LAST_DEFAULT_PORT = 9409;

    @Option(
            names = "--admin-address",
            paramLabel = "ADDRESS",
            defaultValue = "127.0.0.1",
            description =
                    "This machine's address that the admin port is opened on; 0.0.0.0 is all of them, for probes and "
                            + "Prometheus from outside. The port asks for no password, so let only trusted machines "
                            + "reach it.")
    private String address = "";

    @Option(
            names = "--admin-port",
            paramLabel = "PORT",
            description = {
                "Port that answers /metrics, /status, /health/live and /health/ready; 0 turns it off.",
                "  Default: 9400, or the next one up to 9409 that is free"
            })
    private @Nullable Integer port;

    void check(List<String> problems) {
        if (port != null && (port < 0 || port > 65_535)) {
            problems.add(OptionError.of("--admin-port", "0 to 65535", port));
        }
        try {
            resolve();
        } catch (UnknownHostException e) {
            problems.add(OptionError.of("--admin-address", "an address of this machine, such as 0.0.0.0", address));
        }
    }

    private InetAddress resolve() throws UnknownHostException {
        return InetAddress.getByName(address);
    }

    /**
     * Opens the port, unless it is turned off. If the default port is taken, as by another worker on the machine, it is
     * the next one that is free. If none is, the worker runs without one.
     *
     * @throws CommandException if the port was named and cannot be opened
     */
    Optional<AdminServer> serve(HealthChecks health, Map<String, AdminPage> pages) {
        // A static logger would exist before the options have set up the log.
        Logger log = LoggerFactory.getLogger(AdminOptions.class);
        if (port != null && port == 0) {
            return Optional.empty();
        }
        int first = port == null ? DEFAULT_PORT : port;
        int last = port == null ? LAST_DEFAULT_PORT : port;
        String problem = "";
        for (int number = first; number <= last; number++) {
            try {
                AdminServer server = AdminServer.start(new InetSocketAddress(resolve(), number), health, pages);
                log.atInfo()
                        .addKeyValue("address", address)
                        .addKeyValue("port", number)
                        .log("Admin port open");
                return Optional.of(server);
            } catch (IOException e) {
                problem = "port " + number + " cannot be had at " + address + " (" + e.getMessage() + ")";
            }
        }
        if (port != null) {
            throw new CommandException(
                    problem + "; choose another with --admin-port or --admin-address, or port 0 for none");
        }
        log.atWarn()
                .addKeyValue("problem", problem)
                .log("Admin port not open, so there are no probes and no metrics; choose another with --admin-port");
        return Optional.empty();
    }
}
