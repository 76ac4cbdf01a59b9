package dev.sluice.trials;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The packaged {@code sluice.jar}, run in processes of its own as a user runs it. Nothing is taken over from this
 * process's environment that could configure it.
 *
 * @param jvmOptions of every process
 */
public record SluiceJar(Path file, List<String> jvmOptions) {
    private static final String CONFIGURING = "(SLUICE|TOGETHER|KAFKA)_.*|JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS";
    /** As {@code scripts/sluice} has it. */
    private static final String COMPILER = "-XX:TieredStopAtLevel=1";

    private static final int COMMAND_SECONDS = 60;

    public SluiceJar {
        jvmOptions = List.copyOf(jvmOptions);
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

    /** Starts a worker, or any other command that lives on. */
    public WorkerProcess start(Path log, List<String> arguments, Map<String, String> environment) {
        return new WorkerProcess(launch(log, arguments, environment), log);
    }

    private Process launch(Path log, List<String> arguments, Map<String, String> environment) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add(COMPILER);
        command.addAll(jvmOptions);
        command.addAll(List.of("-jar", file.toString()));
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
