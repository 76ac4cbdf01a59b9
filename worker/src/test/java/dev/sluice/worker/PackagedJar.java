package dev.sluice.worker;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Starts commands of the packaged jar as {@code scripts/sluice} does, with what makes a start fast. */
public final class PackagedJar {
    private static final Path JAR = Path.of("target", "sluice.jar").toAbsolutePath();
    private static final Path ARCHIVE = JAR.resolveSibling("sluice.jsa");

    private PackagedJar() {}

    /**
     * Returns a process that is not started yet. Its environment does not configure Sluice.
     *
     * @param jvmOptions options of Java, such as the size of its heap
     * @param words the command and its arguments
     */
    public static ProcessBuilder process(List<String> jvmOptions, List<String> words) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC"));
        if (Files.isRegularFile(ARCHIVE)) {
            command.addAll(List.of("-XX:SharedArchiveFile=" + ARCHIVE, "-Xlog:cds*=off"));
        }
        command.addAll(jvmOptions);
        command.addAll(List.of("-jar", JAR.toString()));
        command.addAll(words);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().keySet().removeIf(name -> name.matches("(SLUICE|TOGETHER|KAFKA)_.*"));
        return builder;
    }
}
