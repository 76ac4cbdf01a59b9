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

/** Where and with what something is measured: figures mean little without. */
final class MachineDescription {
    private MachineDescription() {}

    /** As it is now, the load before the scenario included. */
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

    /** The most memory that a process has had in RAM so far, in KiB; 0 where this system does not tell. */
    static long peakKib(long pid) {
        return Long.parseLong("0" + line("/proc/" + pid + "/status", "VmHWM").replaceAll("\\D", ""));
    }

    /** The processor time that a process has taken so far, in ms, to a hundredth of a second; 0 where nobody tells. */
    static long cpuMillis(long pid) {
        return ProcessHandle.of(pid)
                .flatMap(process -> process.info().totalCpuDuration())
                .map(Duration::toMillis)
                .orElse(0L);
    }

    /** Kafka's own class for this is not public any more. */
    private static String kafkaVersion() {
        Properties properties = new Properties();
        try (InputStream file = Producer.class.getResourceAsStream("/kafka/kafka-version.properties")) {
            if (file != null) {
                properties.load(file);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot read Kafka's version", failure);
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
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot read " + file, failure);
        }
    }
}
