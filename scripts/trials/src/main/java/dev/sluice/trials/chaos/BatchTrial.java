package dev.sluice.trials.chaos;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.trials.PolledCondition;
import java.io.BufferedWriter;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Runs one batch by HTTP, while doors, workers and the broker are killed or stopped. A strike comes whenever a part of
 * the lines has its answer, so that all of them strike a batch that is under way.
 */
final class BatchTrial {
    private static final Duration END_BOUND = Duration.ofMinutes(30);
    private static final Duration ANSWER_BOUND = Duration.ofMinutes(2);
    private static final Duration LISTENING_BOUND = Duration.ofMinutes(1);
    private static final long POLL_MILLIS = 200;
    private static final long BROKER_MILLIS = 5_000;
    private static final String BOUNDARY = "batch-trial";
    private static final Set<String> ENDS = Set.of("completed", "failed", "expired", "cancelled");

    private final DoorRig rig;
    private final Plan plan;
    private final Path folder;
    private final Consumer<String> say;
    private final Random random;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final List<Duration> takeOvers = new ArrayList<>();
    /** The number of the door that is asked now, which two threads choose. */
    private final AtomicInteger door = new AtomicInteger();

    /**
     * The size of a trial and its strikes.
     *
     * @param kills how often a door or a worker is killed
     * @param stops how often one is stopped, and goes on later
     * @param brokerKills how often the broker is killed, and started again a few seconds later
     * @param stopMillis for how long. A door that is stopped for more than ten seconds has a successor.
     */
    record Plan(long seed, int lines, int kills, int stops, int brokerKills, long stopMillis) {}

    private enum StrikeKind {
        KILL,
        STOP,
        KILL_BROKER
    }

    /**
     * The end of the batch and its results.
     *
     * @param batch the object of the API
     * @param seconds from the beginning of the upload to the end of the batch
     * @param takeOvers from each strike of the door that runs the batch to the next answer
     */
    record Outcome(JsonNode batch, List<String> output, List<String> errors, double seconds, List<Duration> takeOvers) {
        /** Returns the longest time that a take-over has taken, or zero if there was none. */
        Duration longestTakeOver() {
            return takeOvers.stream().max(Comparator.naturalOrder()).orElse(Duration.ZERO);
        }
    }

    BatchTrial(DoorRig rig, Plan plan, Path folder, Consumer<String> say) {
        this.rig = rig;
        this.plan = plan;
        this.folder = folder;
        this.say = say;
        this.random = new Random(plan.seed());
    }

    /** Returns the text of a line, which the stand-in repeats in its answer. */
    static String text(int line) {
        return "chaos-%06d".formatted(line);
    }

    static String customId(int line) {
        return "line-" + line;
    }

    /** Writes the file of requests and returns it. */
    Path write() throws IOException {
        Path file = folder.resolve("batch.jsonl");
        try (BufferedWriter out = Files.newBufferedWriter(file)) {
            for (int line = 1; line <= plan.lines(); line++) {
                out.write("{\"custom_id\":\"" + customId(line)
                        + "\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":{\"model\":\"m\","
                        + "\"messages\":[{\"role\":\"user\",\"content\":\"" + text(line) + "\"}]}}\n");
            }
        }
        return file;
    }

    Outcome run(Path file) throws IOException, InterruptedException {
        long began = System.nanoTime();
        String input = upload(file).get("id").asString();
        String id = create(input).get("id").asString();
        CompletableFuture<Void> strikes = CompletableFuture.runAsync(() -> strike(id));
        JsonNode batch = awaitEnd(id);
        double seconds = (System.nanoTime() - began) / 1e9;
        strikes.join();
        return new Outcome(
                batch,
                content(batch.path("output_file_id")),
                content(batch.path("error_file_id")),
                seconds,
                List.copyOf(takeOvers));
    }

    private JsonNode upload(Path file) throws IOException, InterruptedException {
        BodyPublisher form = BodyPublishers.concat(
                BodyPublishers.ofString("--" + BOUNDARY
                        + "\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--" + BOUNDARY
                        + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"batch.jsonl\"\r\n\r\n"),
                BodyPublishers.ofFile(file),
                BodyPublishers.ofString("\r\n--" + BOUNDARY + "--\r\n"));
        return json(ask("/files", "multipart/form-data; boundary=" + BOUNDARY, form));
    }

    private JsonNode create(String input) throws InterruptedException {
        String body = "{\"input_file_id\":\"" + input
                + "\",\"endpoint\":\"/v1/chat/completions\",\"completion_window\":\"24h\"}";
        return json(ask("/batches", "application/json", BodyPublishers.ofString(body)));
    }

    private JsonNode awaitEnd(String id) throws InterruptedException {
        long deadline = System.nanoTime() + END_BOUND.toNanos();
        JsonNode batch = batch(id);
        while (!ENDS.contains(batch.get("status").asString()) && System.nanoTime() < deadline) {
            Thread.sleep(POLL_MILLIS);
            batch = batch(id);
        }
        return batch;
    }

    private JsonNode batch(String id) throws InterruptedException {
        return json(ask("/batches/" + id, "", BodyPublishers.noBody()));
    }

    private List<String> content(JsonNode file) throws InterruptedException {
        return file.isString()
                ? ask("/files/" + file.asString() + "/content", "", BodyPublishers.noBody())
                        .lines()
                        .toList()
                : List.of();
    }

    private static JsonNode json(String text) {
        return JsonMapper.shared().readTree(text);
    }

    /** Asks one door after the other until one answers. */
    private String ask(String path, String contentType, BodyPublisher body) throws InterruptedException {
        long deadline = System.nanoTime() + ANSWER_BOUND.toNanos();
        while (true) {
            DoorSlot asked = rig.doors().get(door.get() % rig.doors().size());
            HttpRequest.Builder request =
                    HttpRequest.newBuilder(URI.create(asked.baseUrl() + path)).timeout(Duration.ofSeconds(20));
            if (!contentType.isEmpty()) {
                request.header("content-type", contentType).POST(body);
            }
            String problem;
            try {
                HttpResponse<String> answer = http.send(request.build(), BodyHandlers.ofString(UTF_8));
                if (answer.statusCode() == 200) {
                    return answer.body();
                }
                problem = answer.statusCode() + " " + answer.body();
            } catch (IOException e) {
                problem = e.toString();
            }
            door.incrementAndGet();
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("no door answers " + path + ": " + problem);
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    private void strike(String id) {
        List<StrikeKind> kinds = new ArrayList<>();
        kinds.addAll(Collections.nCopies(plan.kills(), StrikeKind.KILL));
        kinds.addAll(Collections.nCopies(plan.stops(), StrikeKind.STOP));
        kinds.addAll(Collections.nCopies(plan.brokerKills(), StrikeKind.KILL_BROKER));
        Collections.shuffle(kinds, random);
        try {
            for (int i = 0; i < kinds.size(); i++) {
                int from = (int) ((i + 0.5 + random.nextDouble() / 2) * plan.lines() / (kinds.size() + 1));
                if (!awaitAnswered(id, from)) {
                    say.accept("the batch has ended before strike " + (i + 1));
                    return;
                }
                strike(kinds.get(i), i, id);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean awaitAnswered(String id, int count) throws InterruptedException {
        while (true) {
            JsonNode batch = batch(id);
            if (ENDS.contains(batch.get("status").asString())) {
                return false;
            }
            JsonNode counts = batch.get("request_counts");
            if (counts.get("completed").asInt() + counts.get("failed").asInt() >= count) {
                return true;
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    /** Returns the door that runs the batch. */
    private DoorSlot runner() {
        return Collections.max(rig.doors(), Comparator.comparing(BatchTrial::lastElected));
    }

    /** Returns when a door was elected last by its own log, or an empty text if it never was. */
    private static String lastElected(DoorSlot door) {
        return door.process().log().stream()
                .filter(line -> line.contains("Batches are run by this gateway"))
                .map(line -> line.substring(0, line.indexOf(' ')))
                .max(Comparator.naturalOrder())
                .orElse("");
    }

    private void strike(StrikeKind kind, int number, String id) throws InterruptedException {
        if (kind == StrikeKind.KILL_BROKER) {
            killBroker();
        } else if (number % 3 == 2) {
            strikeWorker(kind == StrikeKind.KILL, number);
        } else {
            strikeRunner(kind == StrikeKind.KILL, id);
        }
    }

    private void killBroker() throws InterruptedException {
        say.accept("kill -9: broker, %.1f s".formatted(BROKER_MILLIS / 1e3));
        rig.broker().kill();
        Thread.sleep(BROKER_MILLIS);
        rig.broker().startAgain();
    }

    private void strikeRunner(boolean isKill, String id) throws InterruptedException {
        DoorSlot struck = runner();
        DoorSlot other =
                rig.doors().stream().filter(each -> each != struck).findFirst().orElseThrow();
        say.accept((isKill ? "kill -9: " : "stop: ") + struck.name());
        CompletableFuture<Optional<Duration>> takeOver;
        if (isKill) {
            struck.process().kill();
            takeOver = TakeOverTimer.start(other, id);
            struck.start();
            struck.awaitListening(LISTENING_BOUND);
        } else {
            struck.process().freeze();
            takeOver = TakeOverTimer.start(other, id);
            Thread.sleep(plan.stopMillis());
            struck.process().thaw();
        }
        Optional<Duration> taken = takeOver.join();
        taken.ifPresent(takeOvers::add);
        taken.ifPresent(time -> say.accept("next answer after %.1f s".formatted(time.toMillis() / 1e3)));
    }

    private void strikeWorker(boolean isKill, int number) throws InterruptedException {
        WorkerSlot struck = rig.workers().borrow(number, name -> true).orElseThrow();
        try {
            say.accept((isKill ? "kill -9: " : "stop: ") + struck.name());
            if (isKill) {
                struck.kill();
                struck.start();
                PolledCondition.await(struck.name() + " has joined", LISTENING_BOUND, struck::hasJoined);
            } else {
                struck.freeze();
                Thread.sleep(plan.stopMillis());
                struck.thaw();
            }
        } finally {
            rig.workers().giveBack(struck);
        }
    }
}
