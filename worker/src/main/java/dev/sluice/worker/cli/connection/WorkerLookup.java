package dev.sluice.worker.cli.connection;

import dev.sluice.wire.Topics;
import dev.sluice.worker.cli.options.OptionError;
import dev.sluice.worker.status.QueueStatus;
import dev.sluice.worker.status.StatusReader;
import dev.sluice.worker.text.CommandException;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.kafka.common.KafkaException;
import picocli.CommandLine.Option;

/** Looks up in Kafka whether a queue has workers, and what waits there. */
public final class WorkerLookup {
    @Option(
            names = "--group",
            paramLabel = "NAME",
            defaultValue = "sluice",
            description = "Consumer group of the workers. It only serves to say why no answer comes.")
    private String group = "";

    /** Adds a problem if the name is wrong. */
    public void check(List<String> problems) {
        if (group.isBlank()) {
            problems.add(OptionError.of("--group", "a name (left out: 'sluice')", group));
        }
    }

    /** Describes the queue. It never fails: if Kafka does not answer, that is the finding. */
    public SilenceNotice.Finding find(KafkaOptions kafka) throws InterruptedException {
        try (StatusReader reader =
                new StatusReader(AdminConnector.connect(kafka), kafka.properties(), kafka.topics(), group)) {
            return describe(reader.read(), kafka.topics());
        } catch (CommandException | KafkaException e) {
            return new SilenceNotice.Finding(true, "whether workers run cannot be seen: " + e.getMessage());
        }
    }

    private static SilenceNotice.Finding describe(QueueStatus status, Topics topics) {
        String waiting = status.inputs().stream()
                .filter(topic -> topic.open() > 0)
                .map(topic -> (topic.exact() ? "" : "at most ") + topic.open() + " in " + topic.topic())
                .collect(Collectors.joining(", "));
        String open = waiting.isEmpty() ? "no request is open" : "open requests: " + waiting;
        if (!status.problems().isEmpty()) {
            return new SilenceNotice.Finding(true, String.join("; ", status.problems()) + "; " + open);
        }
        // those in overflow have only been moved
        boolean isCalledAgain = status.inputs().stream()
                .filter(topic -> !topic.fromProducers() && !topic.topic().equals(topics.overflow()))
                .anyMatch(topic -> topic.open() > 0);
        return new SilenceNotice.Finding(
                false,
                status.group().members().size() + " of group '" + status.group().name() + "' work; " + open
                        + (isCalledAgain ? ", some of which failed and are called again" : "")
                        + "; what holds them is on the workers' /health/ready and in their log");
    }
}
