package dev.sluice.worker.cli.connection;

import dev.sluice.worker.cli.options.ConfigFile;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes classes of a user's own jars known to Kafka's clients, such as the login of a cloud. Kafka loads what its
 * configuration names through the context class loader, which every thread inherits from the one that has started it.
 * So this works in every way to start Java, also with {@code java -jar}, which has no other class path.
 */
final class PluginJars {
    private PluginJars() {}

    /** Adds the jars of a folder to the context class loader of this thread. A folder without jars changes nothing. */
    static void load(Path folder, List<String> problems) {
        if (!Files.isDirectory(folder)) {
            problems.add("--plugins: " + folder + " is no folder; name one that holds the jars, or leave it out");
            return;
        }
        try {
            List<URL> jars = jars(folder);
            if (!jars.isEmpty()) {
                // never closed: the process uses the classes to its end
                ClassLoader parent = PluginJars.class.getClassLoader();
                Thread.currentThread().setContextClassLoader(new URLClassLoader(jars.toArray(new URL[0]), parent));
            }
        } catch (IOException e) {
            problems.add("--plugins: cannot read " + folder + ": " + ConfigFile.reason(e));
        }
    }

    private static List<URL> jars(Path folder) throws IOException {
        List<URL> jars = new ArrayList<>();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, "*.jar")) {
            for (Path jar : found) {
                jars.add(jar.toUri().toURL());
            }
        }
        return jars;
    }
}
