package dev.sluice.worker.batch;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.SYNC;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import dev.sluice.wire.Topics;
import dev.sluice.worker.kafka.AdminResults;
import dev.sluice.worker.kafka.AdminTimeouts;
import dev.sluice.worker.text.CommandException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Where in the queue a batch began: written beside the output before the first request is sent, removed when every line
 * has its answer. All that a run has published and got lies behind it.
 *
 * @param run tells this batch's requests from those of the same file submitted once more
 * @param errors the file for failed lines; null where they go to the output
 */
public record ResumePoint(String run, @Nullable String errors, Place requests, Place replies) {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final String SUFFIX = ".resume";

    /**
     * The end of a topic at a time.
     *
     * @param id the topic's own, which one of the same name elsewhere does not have
     * @param offsets by partition
     */
    public record Place(String topic, String id, List<Long> offsets) {
        public Place {
            offsets = List.copyOf(offsets);
        }
    }

    /** Where both topics end, whatever transactions are open. */
    public record Ends(Place requests, Place replies) {
        /** @throws CommandException where the broker does not say it */
        public static Ends now(Admin admin, Topics topics) throws InterruptedException {
            Place replies = end(admin, topics.replies());
            return new Ends(end(admin, topics.requests()), replies);
        }

        Map<TopicPartition, Long> byPartition() {
            Map<TopicPartition, Long> offsets = new HashMap<>();
            for (Place place : List.of(requests, replies)) {
                for (int partition = 0; partition < place.offsets().size(); partition++) {
                    offsets.put(
                            new TopicPartition(place.topic(), partition),
                            place.offsets().get(partition));
                }
            }
            return offsets;
        }
    }

    public static String newRun() {
        byte[] run = new byte[4];
        RANDOM.nextBytes(run);
        return HexFormat.of().formatHex(run);
    }

    /** @throws CommandException where the broker does not say it */
    public static ResumePoint now(Admin admin, Topics topics, @Nullable Path errors) throws InterruptedException {
        Ends ends = Ends.now(admin, topics);
        return new ResumePoint(newRun(), errors == null ? null : errors.toString(), ends.requests(), ends.replies());
    }

    private static Place end(Admin admin, String topic) throws InterruptedException {
        try {
            TopicDescription description = describe(admin, topic);
            List<TopicPartition> partitions = description.partitions().stream()
                    .map(each -> new TopicPartition(topic, each.partition()))
                    .toList();
            var ends = admin.listOffsets(
                    partitions.stream().collect(Collectors.toMap(each -> each, each -> OffsetSpec.latest())));
            List<Long> offsets = new ArrayList<>();
            for (TopicPartition each : partitions) {
                offsets.add(ends.partitionResult(each)
                        .get(AdminTimeouts.FOREGROUND.toMillis(), TimeUnit.MILLISECONDS)
                        .offset());
            }
            return new Place(topic, description.topicId().toString(), offsets);
        } catch (ExecutionException | TimeoutException failed) {
            throw unknown(topic, failed);
        }
    }

    private static TopicDescription describe(Admin admin, String topic)
            throws InterruptedException, ExecutionException, TimeoutException {
        return admin.describeTopics(List.of(topic))
                .topicNameValues()
                .get(topic)
                .get(AdminTimeouts.FOREGROUND.toMillis(), TimeUnit.MILLISECONDS);
    }

    private static CommandException unknown(String topic, Exception failed) {
        Throwable cause = failed.getCause() == null ? failed : failed.getCause();
        return AdminResults.unreadable("where topic " + topic + " ends", cause);
    }

    /** @throws CommandException where it is the point of another queue */
    public void require(Admin admin, Path output) throws InterruptedException {
        for (Place place : List.of(requests, replies)) {
            String id;
            try {
                id = describe(admin, place.topic()).topicId().toString();
            } catch (ExecutionException | TimeoutException failed) {
                throw unknown(place.topic(), failed);
            }
            if (!id.equals(place.id())) {
                throw new CommandException(
                        "the earlier run's topic " + place.topic() + " is on another broker, or was made anew;"
                                + " name that run's broker, or remove " + fileOf(output)
                                + " to call whatever has no answer yet once more");
            }
        }
    }

    /** The file beside this output. */
    public static Path fileOf(Path output) {
        return output.resolveSibling(output.getFileName() + SUFFIX);
    }

    /** Null where there is none. */
    public static @Nullable ResumePoint read(Path output) throws IOException {
        Path file = fileOf(output);
        if (Files.notExists(file)) {
            return null;
        }
        try {
            return MAPPER.readValue(Files.readAllBytes(file), ResumePoint.class);
        } catch (JacksonException foreign) {
            throw new IOException(
                    file + " was not written by sluice; remove it to call whatever has no answer yet", foreign);
        }
    }

    /** Whole or not at all. */
    public void write(Path output) throws IOException {
        Path file = fileOf(output);
        Path draft = file.resolveSibling(file.getFileName() + ".tmp");
        Files.write(draft, MAPPER.writeValueAsBytes(this), CREATE, TRUNCATE_EXISTING, WRITE, SYNC);
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** The batch is complete. */
    public static void remove(Path output) throws IOException {
        Files.deleteIfExists(fileOf(output));
    }

    /** Which offset to read a partition from; one that was added since, from its beginning. */
    long start(TopicPartition partition) {
        Place place = partition.topic().equals(requests.topic()) ? requests : replies;
        boolean known = partition.partition() < place.offsets().size();
        return known ? place.offsets().get(partition.partition()) : 0;
    }
}
