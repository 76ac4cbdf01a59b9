package dev.sluice.worker.cli.connection;

import dev.sluice.worker.cli.command.DebugLog;
import dev.sluice.worker.cli.command.NetworkWarningFilter;
import dev.sluice.worker.kafka.AdminTimeouts;
import dev.sluice.worker.kafka.KafkaClients;
import dev.sluice.worker.text.CommandException;
import dev.sluice.worker.text.Durations;
import dev.sluice.worker.text.RootCause;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.SslAuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;

/** Connects an admin client, and explains to a person why that is not possible. */
public final class AdminConnector {
    /** Kafka's and Java's words for a class that is not on the class path. */
    private static final Pattern MISSING_CLASS =
            Pattern.compile("(?i)class(es)?\\b.*(not be found|not found|unable to find)|unable to find .*class");

    private AdminConnector() {}

    /**
     * Returns an admin client after a broker has answered it.
     *
     * @throws CommandException if no broker answers within {@link AdminTimeouts#FOREGROUND}. The message names the
     *     address.
     */
    public static Admin connect(KafkaOptions options) throws InterruptedException {
        requireReachable(options.servers());
        Map<String, Object> properties = new TreeMap<>(options.properties());
        properties.putIfAbsent(AdminClientConfig.CLIENT_ID_CONFIG, NetworkWarningFilter.ADMIN_CLIENT_ID);
        Admin admin;
        try {
            admin = KafkaClients.admin(properties);
        } catch (KafkaException e) {
            throw new CommandException("Kafka's client refuses its configuration: " + rootMessage(e)
                    + "; check --bootstrap-servers (" + options.servers() + ") and --kafka-config"
                    + (isMissingClass(e) ? ", and put the jar that has the class into the folder of --plugins" : ""));
        } catch (LinkageError e) {
            DebugLog.log(e);
            throw new CommandException("a class that --kafka-config names cannot be loaded: " + e
                    + "; put the jars that it needs into the folder of --plugins as well");
        }
        awaitAnswer(admin, options);
        return admin;
    }

    /**
     * Opens a plain connection to one of the servers. Kafka's client would retry until its timeout and log each
     * attempt, while this finds a closed port or an unknown host at once.
     */
    private static void requireReachable(String servers) {
        List<String> failures = new ArrayList<>();
        for (String server : servers.split(",", -1)) {
            String address = server.strip();
            int colon = address.lastIndexOf(':');
            if (colon < 1 || !address.substring(colon + 1).matches("\\d{1,5}")) {
                throw new CommandException("--bootstrap-servers: '" + address + "' is not of the form host:port");
            }
            String host = address.substring(0, colon).replaceAll("^.*://|[\\[\\]]", "");
            try (Socket socket = new Socket()) {
                int port = Integer.parseInt(address.substring(colon + 1));
                socket.connect(new InetSocketAddress(host, port), AdminTimeouts.FOREGROUND_MILLIS);
                return;
            } catch (IOException | IllegalArgumentException e) {
                failures.add(address + " (" + reason(e) + ")");
            }
        }
        throw new CommandException("cannot reach Kafka at " + String.join(", ", failures)
                + "; start it, or name another broker with --bootstrap-servers");
    }

    private static String reason(Exception failure) {
        return failure instanceof UnknownHostException ? "unknown host" : failure.getMessage();
    }

    private static void awaitAnswer(Admin admin, KafkaOptions kafka) throws InterruptedException {
        try {
            DescribeClusterOptions options = new DescribeClusterOptions().timeoutMs(AdminTimeouts.FOREGROUND_MILLIS);
            admin.describeCluster(options).nodes().get();
        } catch (ExecutionException e) {
            admin.close(Duration.ZERO);
            throw new CommandException(explain(e.getCause(), kafka));
        } catch (InterruptedException e) {
            admin.close(Duration.ZERO);
            throw e;
        }
    }

    private static String explain(Throwable failure, KafkaOptions options) {
        String servers = options.servers();
        if (failure instanceof SslAuthenticationException) {
            return "no TLS connection to Kafka at " + servers + ": " + rootMessage(failure)
                    + "; check ssl.truststore.location in --kafka-config, which has to hold the broker's certificate or"
                    + " who has signed it, and that the certificate names this host";
        }
        if (failure instanceof AuthenticationException) {
            return "Kafka at " + servers + " does not let us in: " + failure.getMessage()
                    + "; check sasl.jaas.config and sasl.mechanism in --kafka-config";
        }
        if (failure instanceof TimeoutException) {
            return "Kafka at " + servers + " accepts connections but did not answer within "
                    + Durations.format(AdminTimeouts.FOREGROUND) + " to security.protocol=" + options.securityProtocol()
                    + "; it may be busy or still starting, so try again; or it is not Kafka, or wants another"
                    + " security.protocol (--kafka-config)";
        }
        return "Kafka at " + servers + " answered with an error: " + failure.getMessage();
    }

    private static boolean isMissingClass(Throwable failure) {
        return MISSING_CLASS.matcher(rootMessage(failure)).find();
    }

    private static String rootMessage(Throwable failure) {
        return String.valueOf(RootCause.of(failure).getMessage());
    }
}
