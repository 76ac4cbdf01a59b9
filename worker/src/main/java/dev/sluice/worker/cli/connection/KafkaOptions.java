package dev.sluice.worker.cli.connection;

import dev.sluice.wire.Topics;
import dev.sluice.worker.cli.options.ConfigFile;
import dev.sluice.worker.cli.options.UnknownOptions;
import dev.sluice.worker.text.CommandException;
import dev.sluice.worker.text.PrintableText;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Option;

/** The options of every command that connects to Kafka. */
public final class KafkaOptions {
    static final String DEFAULT_SERVERS = "localhost:9092";

    private static final String SERVERS = "bootstrap.servers";
    private static final String SECURITY_PROTOCOL = "security.protocol";
    /** The properties on which the queue's guarantees rest, and what to do instead of setting them. */
    private static final Map<String, String> RESERVED = Map.of(
            "group.id", "use --group",
            "group.instance.id", "use --instance-id",
            "transactional.id", "use --instance-id",
            "group.protocol", "only the classic protocol is supported yet",
            "partition.assignment.strategy", "the worker has its own",
            "isolation.level", "replies are always read committed",
            "enable.auto.commit", "offsets are committed with the replies",
            "enable.idempotence", "it is always on");

    /**
     * The properties that some client reads. Classes that the file names may read others. Kafka's classes have static
     * loggers, which would fix the log's layout before the options have set it, so they are loaded on first use.
     */
    private static final class Known {
        static final Set<String> PROPERTIES = Stream.of(
                        ProducerConfig.configNames(), ConsumerConfig.configNames(), AdminClientConfig.configNames())
                .flatMap(Set::stream)
                .collect(Collectors.toUnmodifiableSet());
    }

    private static final int MAX_KEY_LENGTH = 100;

    /** The properties that name files. Kafka's client would log a stack trace for each that is missing. */
    private static final List<String> STORES = List.of("ssl.truststore.location", "ssl.keystore.location");

    @Option(
            names = "--bootstrap-servers",
            paramLabel = "HOST:PORT[,…]",
            description = {
                "Kafka brokers to ask first. Wins over bootstrap.servers in --kafka-config.",
                "  Default: " + DEFAULT_SERVERS
            })
    private @Nullable String bootstrapServers;

    @Option(
            names = "--kafka-config",
            paramLabel = "FILE",
            description =
                    "Properties for every Kafka client, as Kafka's own tools take them: TLS, SASL and whatever else. "
                            + "Example line: security.protocol=SSL")
    private @Nullable Path kafkaConfig;

    @Option(
            names = "--plugins",
            paramLabel = "FOLDER",
            description = "Folder with jars of classes that --kafka-config names, such as the login of a cloud.")
    private @Nullable Path plugins;

    @Option(
            names = "--topic",
            paramLabel = "NAME",
            defaultValue = "chat",
            description = "Base name of all topics: NAME.requests, NAME.replies, …")
    private String topic = "chat";

    private Topics topics = new Topics("chat");
    private Map<String, Object> properties = Map.of();

    /** Reads the properties file and checks the names of the topics. */
    public void check(List<String> problems) {
        try {
            topics = new Topics(topic);
        } catch (IllegalArgumentException e) {
            problems.add("--topic: " + e.getMessage());
        }
        if (plugins != null) {
            PluginJars.load(plugins, problems);
        }
        Map<String, Object> all = new TreeMap<>();
        if (kafkaConfig != null) {
            readKafkaConfig(kafkaConfig, all, problems);
        }
        if (bootstrapServers != null) {
            all.put(SERVERS, bootstrapServers);
        }
        all.putIfAbsent(SERVERS, DEFAULT_SERVERS);
        properties = Map.copyOf(all);
    }

    private static void readKafkaConfig(Path file, Map<String, Object> all, List<String> problems) {
        try {
            all.putAll(ConfigFile.read("--kafka-config", file));
        } catch (CommandException e) {
            problems.add(e.getMessage());
        }
        STORES.forEach(key -> {
            if (all.get(key) instanceof String store && !Files.isReadable(Path.of(store.strip()))) {
                problems.add(key + " in " + file + ": cannot read " + store + ": "
                        + (Files.exists(Path.of(store.strip())) ? "permission denied" : "there is no such file"));
            }
        });
        RESERVED.forEach((key, remedy) -> {
            if (all.containsKey(key)) {
                problems.add(key + " in " + file + " cannot be set: " + remedy);
            }
        });
        warnOfUnknown(all.keySet(), file);
    }

    private static void warnOfUnknown(Set<String> keys, Path file) {
        // A static logger would fix the log's layout before the options have set it.
        Logger log = LoggerFactory.getLogger(KafkaOptions.class);
        keys.stream().filter(key -> !Known.PROPERTIES.contains(key)).forEach(key -> {
            String hint = UnknownOptions.hint(key, Known.PROPERTIES);
            log.warn("{} in {} is known to no Kafka client{}", PrintableText.line(key, MAX_KEY_LENGTH), file, hint);
        });
    }

    /** Returns the queue's topics. This and the other getters are valid after {@link #check}. */
    public Topics topics() {
        return topics;
    }

    public Map<String, Object> properties() {
        return properties;
    }

    /** Returns the configured security protocol, or Kafka's default. */
    String securityProtocol() {
        return String.valueOf(properties.getOrDefault(SECURITY_PROTOCOL, "PLAINTEXT"));
    }

    public String servers() {
        return String.valueOf(properties.get(SERVERS));
    }
}
