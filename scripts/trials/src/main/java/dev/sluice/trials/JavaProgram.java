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
 * A Java program that runs in processes of its own. They do not inherit those variables of this process's environment
 * that configure Sluice or the JVM.
 *
 * @param launch the arguments between {@code java} and the program's own arguments
 */
public record JavaProgram(List<String> launch) {
    private static final String CONFIGURING = "(SLUICE|TOGETHER|KAFKA)_.*|JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS";
    /** The JVM options with which {@code scripts/sluice} starts a worker. */
    public static final List<String> WORKER_OPTIONS =
            List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:InitialRAMPercentage=0.25");

    private static final int COMMAND_SECONDS = 60;

    public JavaProgram {
        launch = List.copyOf(launch);
    }

    /**
     * Returns the packaged {@code sluice.jar} as a user runs it. It uses the class data archive beside the jar if there
     * is one, as in the image.
     *
     * @param jvmOptions options that override those of the launcher
     */
    public static JavaProgram sluice(Path jar, List<String> jvmOptions) {
        return sluice(jar, "sluice.jsa", jvmOptions);
    }

    /** Returns the same for the command {@code gateway}, which has an archive of its own. */
    public static JavaProgram gateway(Path jar, List<String> jvmOptions) {
        return sluice(jar, "sluice-gateway.jsa", jvmOptions);
    }

    private static JavaProgram sluice(Path jar, String archiveName, List<String> jvmOptions) {
        List<String> launch = new ArrayList<>(WORKER_OPTIONS);
        // Java takes an archive only if the jar is named by the same path as when that was made
        Path full = jar.toAbsolutePath().normalize();
        Path archive = full.resolveSibling(archiveName);
        if (Files.isRegularFile(archive)) {
            launch.addAll(List.of("-XX:SharedArchiveFile=" + archive, "-Xlog:cds*=off"));
        }
        launch.addAll(jvmOptions);
        launch.addAll(List.of("-jar", full.toString()));
        return new JavaProgram(launch);
    }

    /** Returns a class of this process's class path as a program. */
    public static JavaProgram of(Class<?> main, List<String> jvmOptions) {
        List<String> launch = new ArrayList<>(jvmOptions);
        launch.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        return new JavaProgram(launch);
    }

    /**
     * Runs a command to its end.
     *
     * @throws IllegalStateException if it does not exit with 0 within a minute
     */
    public void run(Path log, List<String> arguments) throws InterruptedException {
        Process process = launch(log, arguments, Map.of());
        if (!process.waitFor(COMMAND_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
        if (process.waitFor() != 0) {
            throw new IllegalStateException(
                    "'" + String.join(" ", arguments) + "' exited with " + process.exitValue() + "; see " + log);
        }
    }

    /** Starts a process that goes on running, such as a worker. */
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
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start " + command.get(0), e);
        }
    }
}
