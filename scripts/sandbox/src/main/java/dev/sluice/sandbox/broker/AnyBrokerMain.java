package dev.sluice.sandbox.broker;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;

/**
 * The main class of a broker of another version, to whose own main class it hands over. It keeps the contract of {@link
 * BrokerMain}: {@link BrokerMain#READY} on standard output, and an end when standard input ends. Only what all versions
 * have is used, and no other class of this package, since this one is run without the rest of the sandbox.
 */
public final class AnyBrokerMain {
    private static final String READY = "ready";
    private static final int FAILED = 1;
    private static final long BETWEEN_TRIES_MILLIS = 100;

    private AnyBrokerMain() {}

    /**
     * Runs a broker until a signal or the end of input.
     *
     * @param args the path of its {@code server.properties}, and the address of a listener in plain text
     */
    public static void main(String[] args) {
        PrintStream parent = System.out;
        System.setOut(System.err);
        start("lifeline", AnyBrokerMain::haltAtEndOfInput);
        start("ready", () -> sayWhenReady(args[1], parent));
        try {
            Class<?> kafka = Class.forName("kafka.Kafka");
            kafka.getMethod("main", String[].class).invoke(null, (Object) new String[] {args[0]});
        } catch (Throwable e) { // the process's backstop: Kafka's threads would keep a half-started JVM alive
            System.err.println("cannot read from standard input: " + e);
            Runtime.getRuntime().halt(FAILED);
        }
    }

    private static void start(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    private static void sayWhenReady(String address, PrintStream parent) {
        Properties properties = new Properties();
        properties.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, address);
        try (Admin admin = Admin.create(properties)) {
            while (!isServed(admin)) {
                Thread.sleep(BETWEEN_TRIES_MILLIS);
            }
            parent.println(READY);
            parent.flush();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean isServed(Admin admin) throws InterruptedException {
        try {
            return !admin.describeCluster().nodes().get().isEmpty();
        } catch (ExecutionException notYet) {
            return false;
        }
    }

    private static void haltAtEndOfInput() {
        try {
            System.in.transferTo(PrintStream.nullOutputStream());
        } catch (IOException e) {
            System.err.println("cannot read from standard input: " + e);
        } finally {
            Runtime.getRuntime().halt(FAILED);
        }
    }

    /** Writes this class to a folder that can be a part of a class path. */
    public static void copyTo(Path folder) throws IOException {
        String name = AnyBrokerMain.class.getName().replace('.', '/') + ".class";
        Path target = folder.resolve(name);
        try (InputStream self = AnyBrokerMain.class.getClassLoader().getResourceAsStream(name)) {
            if (self == null) {
                throw new IOException("the class path has no " + name);
            }
            if (!Files.exists(target)) {
                Files.createDirectories(target.getParent());
                Files.copy(self, target);
            }
        }
    }
}
