package dev.sluice.worker.batch;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.SYNC;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import dev.sluice.worker.kafka.AdminResults;
import dev.sluice.worker.kafka.AdminTimeouts;
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
import java.util.Objects;
import java.util.Optional;
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
 * The offsets at which a batch began. A file beside the output keeps it from before the first request is sent until
 * every line has its answer. All requests and replies of the run have later offsets.
 *
 * @param run an identifier that tells this run's requests from those of another run of the same file
 * @param errors the file for failed requests, or null if they go to the output
 * @param requests the topic that the run published to
 * @param more the topics that it published to after it was resumed with another priority; files of earlier versions
 *     have none
 */
public record ResumePoint(
        String run, @Nullable String errors, TopicEnd requests, TopicEnd replies, List<TopicEnd> more) {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final String SUFFIX = ".resume";

    public ResumePoint {
        more = List.copyOf(Objects.requireNonNullElse(more, List.of()));
    }

    /**
     * The end of a topic at one moment, beyond any open transaction.
     *
     * @param id the topic's id, by which it differs from a topic of the same name elsewhere
     * @param offsets the end offset of each partition
     */
    public record TopicEnd(String topic, String id, List<Long> offsets) {
        public TopicEnd {
            offsets = List.copyOf(offsets);
        }

        Map<TopicPartition, Long> byPartition() {
            Map<TopicPartition, Long> byPartition = new HashMap<>();
            for (int partition = 0; partition < offsets.size(); partition++) {
                byPartition.put(new TopicPartition(topic, partition), offsets.get(partition));
            }
            return byPartition;
        }
    }

    public static String newRun() {
        byte[] run = new byte[4];
        RANDOM.nextBytes(run);
        return HexFormat.of().formatHex(run);
    }

    /** Returns a new resume point at the current ends of the topics. */
    public static ResumePoint now(Admin admin, String requests, String replies, @Nullable Path errors)
            throws InterruptedException {
        String errorFile = errors == null ? null : errors.toString();
        return new ResumePoint(newRun(), errorFile, end(admin, requests), end(admin, replies), List.of());
    }

    /** Returns whether the run has published to this topic. */
    public boolean publishesTo(String topic) {
        return topicEnds().stream().anyMatch(each -> each.topic().equals(topic));
    }

    /** Returns the resume point of the run when it goes on publishing, from now on to another topic. */
    public ResumePoint publishingTo(String topic, Admin admin) throws InterruptedException {
        List<TopicEnd> all = new ArrayList<>(more);
        all.add(end(admin, topic));
        return new ResumePoint(run, errors, requests, replies, all);
    }

    /** Returns where the topics of the run end now. */
    public List<TopicEnd> endsNow(Admin admin) throws InterruptedException {
        List<TopicEnd> ends = new ArrayList<>();
        for (TopicEnd topicEnd : topicEnds()) {
            ends.add(end(admin, topicEnd.topic()));
        }
        return ends;
    }

    /** Returns the replies first, so that the request of every reply is within the ends that are asked for after it. */
    List<TopicEnd> topicEnds() {
        List<TopicEnd> all = new ArrayList<>(List.of(replies, requests));
        all.addAll(more);
        return all;
    }

    private static TopicEnd end(Admin admin, String topic) throws InterruptedException {
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
            return new TopicEnd(topic, description.topicId().toString(), offsets);
        } catch (ExecutionException | TimeoutException e) {
            throw unknownEnd(topic, e);
        }
    }

    private static TopicDescription describe(Admin admin, String topic)
            throws InterruptedException, ExecutionException, TimeoutException {
        return admin.describeTopics(List.of(topic))
                .topicNameValues()
                .get(topic)
                .get(AdminTimeouts.FOREGROUND.toMillis(), TimeUnit.MILLISECONDS);
    }

    private static RuntimeException unknownEnd(String topic, Exception failure) {
        Throwable cause = failure.getCause() == null ? failure : failure.getCause();
        return AdminResults.unreadable("where topic " + topic + " ends", cause);
    }

    /**
     * Returns the first topic that is not the one the run used, because it is on another broker or was created again.
     * Returns an empty value if all topics are the same.
     */
    public Optional<String> foreignTopic(Admin admin) throws InterruptedException {
        for (TopicEnd topicEnd : topicEnds()) {
            try {
                if (!describe(admin, topicEnd.topic()).topicId().toString().equals(topicEnd.id())) {
                    return Optional.of(topicEnd.topic());
                }
            } catch (ExecutionException | TimeoutException e) {
                throw unknownEnd(topicEnd.topic(), e);
            }
        }
        return Optional.empty();
    }

    /** Returns the file that keeps the resume point of this output. */
    public static Path fileOf(Path output) {
        return output.resolveSibling(output.getFileName() + SUFFIX);
    }

    /** Reads the resume point of this output, or returns null if there is none. */
    public static @Nullable ResumePoint read(Path output) throws IOException {
        Path file = fileOf(output);
        if (Files.notExists(file)) {
            return null;
        }
        try {
            return MAPPER.readValue(Files.readAllBytes(file), ResumePoint.class);
        } catch (JacksonException e) {
            throw new IOException(file + " was not written by sluice; remove it to call whatever has no answer yet", e);
        }
    }

    /** Writes the resume point of this output atomically. */
    public void write(Path output) throws IOException {
        Path file = fileOf(output);
        Path draft = file.resolveSibling(file.getFileName() + ".tmp");
        Files.write(draft, MAPPER.writeValueAsBytes(this), CREATE, TRUNCATE_EXISTING, WRITE, SYNC);
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Removes the resume point of this output, if there is one. */
    public static void remove(Path output) throws IOException {
        Files.deleteIfExists(fileOf(output));
    }

    /** Returns the offsets to read the partitions from. A partition that was added since has none. */
    Map<TopicPartition, Long> startOffsets() {
        Map<TopicPartition, Long> starts = new HashMap<>();
        topicEnds().forEach(topicEnd -> starts.putAll(topicEnd.byPartition()));
        return starts;
    }
}
