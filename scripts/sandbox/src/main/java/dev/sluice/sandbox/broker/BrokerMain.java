package dev.sluice.sandbox.broker;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.tools.StorageTool;
import org.apache.kafka.common.utils.Time;

/**
 * The main class of the broker's process. The process halts at the end of standard input, which comes however the
 * parent dies. Standard output carries only the line {@link #READY}, when clients are served. Everything else goes to
 * standard error, which the parent redirects to the log file. SIGTERM shuts Kafka down cleanly.
 */
public final class BrokerMain {

    /** The line on standard output once the broker is registered, unfenced and serving its listeners. */
    public static final String READY = "ready";

    private static final int FAILED = 1;

    private BrokerMain() {}

    /**
     * Runs a broker until a signal or the end of input.
     *
     * @param args the path of its {@code server.properties}, and the id of its cluster, with which it formats new data
     */
    public static void main(String[] args) {
        PrintStream parent = System.out;
        System.setOut(System.err);
        haltAtEndOfInput();
        try {
            serve(Path.of(args[0]), args[1], parent);
        } catch (Throwable e) { // the process's backstop: Kafka's threads would keep a half-started JVM alive
            e.printStackTrace();
            Runtime.getRuntime().halt(FAILED);
        }
    }

    private static void serve(Path serverProperties, String clusterId, PrintStream parent) throws IOException {
        Properties properties = new Properties();
        try (var reader = Files.newBufferedReader(serverProperties)) {
            properties.load(reader);
        }
        formatOnce(serverProperties, clusterId, Path.of(properties.getProperty("log.dirs")));
        KafkaRaftServer server = new KafkaRaftServer(KafkaConfig.fromProps(properties, false), Time.SYSTEM);
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdown, "broker-shutdown"));
        server.startup();
        parent.println(READY);
        parent.flush();
        server.awaitShutdown();
    }

    private static void formatOnce(Path serverProperties, String clusterId, Path logFolder) {
        if (Files.exists(logFolder.resolve("meta.properties"))) {
            return;
        }
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        int exitCode = StorageTool.execute(
                new String[] {"format", "--cluster-id", clusterId, "--config", serverProperties.toString()},
                new PrintStream(output, true, StandardCharsets.UTF_8));
        if (exitCode != 0) {
            throw new IllegalStateException("Kafka's storage tool could not format " + logFolder + ": "
                    + output.toString(StandardCharsets.UTF_8));
        }
    }

    private static void haltAtEndOfInput() {
        Thread lifeline = new Thread(
                () -> {
                    try {
                        System.in.transferTo(PrintStream.nullOutputStream());
                    } catch (IOException e) {
                        throw new UncheckedIOException("the parent's pipe broke", e);
                    } finally {
                        Runtime.getRuntime().halt(FAILED);
                    }
                },
                "lifeline");
        lifeline.setDaemon(true);
        lifeline.start();
    }
}
