package dev.sluice.trials.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.producer.Producer;

/** Describes the machine and the software of a measurement, without which figures mean little. */
final class MachineDescription {
    private MachineDescription() {}

    /** Describes the machine as it is now, including its load. */
    static Map<String, Object> describe() {
        Map<String, Object> machine = new LinkedHashMap<>();
        machine.put("at", Instant.now().toString());
        machine.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        machine.put("cpu", line("/proc/cpuinfo", "model name"));
        machine.put("processors", Runtime.getRuntime().availableProcessors());
        machine.put("memory", line("/proc/meminfo", "MemTotal"));
        machine.put("load before", first("/proc/loadavg"));
        machine.put("jdk", System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"));
        machine.put("kafka", kafkaVersion());
        return machine;
    }

    /** Returns the processor time of a process in ms, in steps of 10 ms, or 0 if the system does not tell. */
    static long cpuMillis(long pid) {
        return ProcessHandle.of(pid)
                .flatMap(process -> process.info().totalCpuDuration())
                .map(Duration::toMillis)
                .orElse(0L);
    }

    private static String kafkaVersion() {
        // Kafka's own class for this is no longer public
        Properties properties = new Properties();
        try (InputStream file = Producer.class.getResourceAsStream("/kafka/kafka-version.properties")) {
            if (file != null) {
                properties.load(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read Kafka's version", e);
        }
        return properties.getProperty("version", "unknown");
    }

    private static String line(String file, String name) {
        return read(file)
                .lines()
                .filter(line -> line.startsWith(name))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse("");
    }

    private static String first(String file) {
        return read(file).lines().findFirst().orElse("");
    }

    private static String read(String file) {
        Path path = Path.of(file);
        try {
            return Files.exists(path) ? Files.readString(path) : "";
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file, e);
        }
    }
}
