package dev.sluice.trials;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A Java program that is run in processes of its own. Nothing is taken over from this process's environment that could
 * configure Sluice or the JVM.
 *
 * @param launch what stands between {@code java} and the program's own arguments
 */
public record JavaProgram(List<String> launch) {
    private static final String CONFIGURING = "(SLUICE|TOGETHER|KAFKA)_.*|JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS";
    /** As {@code scripts/sluice} has them. */
    public static final List<String> WORKER_OPTIONS =
            List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:InitialRAMPercentage=0.25");

    private static final int COMMAND_SECONDS = 60;

    public JavaProgram {
        launch = List.copyOf(launch);
    }

    /**
     * The packaged {@code sluice.jar}, as a user runs it; {@code jvmOptions} win over the launcher's. With the archive of
     * its classes where there is one beside it, as in the image.
     */
    public static JavaProgram sluice(Path jar, List<String> jvmOptions) {
        List<String> launch = new ArrayList<>(WORKER_OPTIONS);
        Path archive = jar.resolveSibling("sluice.jsa");
        if (Files.isRegularFile(archive)) {
            launch.addAll(List.of("-XX:SharedArchiveFile=" + archive, "-Xlog:cds*=off"));
        }
        launch.addAll(jvmOptions);
        launch.addAll(List.of("-jar", jar.toString()));
        return new JavaProgram(launch);
    }

    /** A class of this process's class path. */
    public static JavaProgram of(Class<?> main, List<String> jvmOptions) {
        List<String> launch = new ArrayList<>(jvmOptions);
        launch.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        return new JavaProgram(launch);
    }

    /**
     * Runs a command to its end.
     *
     * @throws IllegalStateException if it doesn't end with 0 in time
     */
    public void run(Path log, List<String> arguments) throws InterruptedException {
        Process process = launch(log, arguments, Map.of());
        if (!process.waitFor(COMMAND_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
        if (process.waitFor() != 0) {
            throw new IllegalStateException(
                    "'" + String.join(" ", arguments) + "' ended with " + process.exitValue() + "; see " + log);
        }
    }

    /** Starts what lives on, such as a worker. */
    public WorkerProcess start(Path log, List<String> arguments, Map<String, String> environment) {
        return new WorkerProcess(launch(log, arguments, environment), log);
    }

    private Process launch(Path log, List<String> arguments, Map<String, String> environment) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(launch);
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().keySet().removeIf(name -> name.matches(CONFIGURING));
        builder.environment().putAll(environment);
        try {
            return builder.start();
        } catch (IOException failure) {
            throw new UncheckedIOException("could not start " + command.get(0), failure);
        }
    }
}
