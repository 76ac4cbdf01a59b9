package dev.sluice.sandbox;

import dev.sluice.sandbox.broker.AnyBrokerMain;
import dev.sluice.sandbox.broker.BrokerMain;
import dev.sluice.sandbox.broker.StandardErrorLog;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The Kafka that brokers run. It is the sandbox's own unless the system property {@value #PROPERTY} names a folder with
 * the libraries of another version, 3.3 or newer, as {@code scripts/brokers} makes them.
 */
final class BrokerLibraries {
    /** The system property that names a folder of libraries. */
    static final String PROPERTY = "sluice.broker.libraries";

    private final String java =
            Path.of(System.getProperty("java.home"), "bin", "java").toString();
    private final @Nullable Path others;

    private BrokerLibraries(@Nullable Path others) {
        this.others = others;
    }

    /**
     * Returns what the system property says.
     *
     * @throws BrokerStartException if it names no folder
     */
    static BrokerLibraries chosen() {
        String folder = System.getProperty(PROPERTY, "");
        if (folder.isEmpty()) {
            return new BrokerLibraries(null);
        }
        if (!Files.isDirectory(Path.of(folder))) {
            throw new BrokerStartException(
                    "the system property " + PROPERTY + " is '" + folder + "', which is no folder", null);
        }
        return new BrokerLibraries(Path.of(folder).toAbsolutePath());
    }

    /**
     * Returns the command that starts a broker, and formats the data of another version's once.
     *
     * @param jvmOptions options of its JVM
     * @param serverProperties its file of properties, in the folder of all that is the broker's
     * @param server what the file says
     * @param log the file that takes what the formatting prints
     */
    List<String> command(List<String> jvmOptions, Path serverProperties, ServerProperties server, Path log)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(java));
        command.addAll(jvmOptions);
        if (others == null) {
            command.addAll(
                    List.of("-Dslf4j.provider=" + StandardErrorLog.class.getName(), "-Dslf4j.internal.verbosity=WARN"));
            command.addAll(BrokerArchive.options(ownClassPath()));
            command.add(BrokerMain.class.getName());
            command.addAll(List.of(serverProperties.toString(), server.member().clusterId()));
            return command;
        }
        Path folder = serverProperties.getParent();
        formatOnce(others, serverProperties, server, log);
        Path main = Files.createDirectories(folder.resolve("main"));
        AnyBrokerMain.copyTo(main);
        command.addAll(List.of("-cp", others.resolve("*") + File.pathSeparator + main, AnyBrokerMain.class.getName()));
        command.addAll(List.of(serverProperties.toString(), server.internalAddress()));
        return command;
    }

    // Surefire and Failsafe may start this JVM with a single jar whose manifest names the others. The child JVM reads
    // the manifest in the same way. The sandbox's own jar works like that too.
    private static String ownClassPath() {
        return System.getProperty("java.class.path");
    }

    private void formatOnce(Path libraries, Path serverProperties, ServerProperties server, Path log)
            throws IOException, InterruptedException {
        Path data = server.logFolder(serverProperties.getParent());
        if (Files.exists(data.resolve("meta.properties"))) {
            return;
        }
        Process format = new ProcessBuilder(
                        java,
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        libraries.resolve("*").toString(),
                        "kafka.tools.StorageTool",
                        "format",
                        "--cluster-id",
                        server.member().clusterId(),
                        "--config",
                        serverProperties.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        if (format.waitFor() != 0) {
            throw new BrokerStartException("Kafka's storage tool could not format " + data + "; see " + log, null);
        }
    }
}
