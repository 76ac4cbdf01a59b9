package dev.sluice.trials.chaos;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.stream.Collectors.joining;

import dev.sluice.trials.PolledCondition;
import dev.sluice.trials.chaos.HostileRequests.HostileRequest;
import dev.sluice.trials.chaos.check.Violation;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;
import tools.jackson.databind.json.JsonMapper;

/** Sends hostile requests to a door over many connections at once, and judges what comes back and what is left. */
final class DoorFuzz {
    private static final int CONNECTIONS = 32;
    private static final int CONNECT_MILLIS = 5_000;
    /** The time after which no answer is expected to what may be the beginning of a request. */
    private static final int QUIET_MILLIS = 500;
    /** The time that a good request may take, and that a door may take to see that its client has gone. */
    private static final int LONG_MILLIS = 30_000;

    private static final Duration AFTERMATH = Duration.ofSeconds(40);
    private static final int MOST_VIOLATIONS = 20;
    private static final int MOST_SHOWN = 400;
    private static final long MOST_MIB = 512;
    private static final List<String> LEFT_OVER = List.of("waiting_requests", "open_answer_bytes", "upload_bytes");

    private final DoorSlot door;
    private final Path files;
    private final long seed;
    private final Map<String, LongAdder> counts = new ConcurrentSkipListMap<>();
    private final ConcurrentLinkedQueue<Violation> violations = new ConcurrentLinkedQueue<>();

    /** @param files where the door stores files */
    DoorFuzz(DoorSlot door, Path files, long seed) {
        this.door = door;
        this.files = files;
        this.seed = seed;
    }

    /** Returns how many connections ended with which status, or without an answer. */
    Map<String, Long> counts() {
        Map<String, Long> sums = new TreeMap<>();
        counts.forEach((what, count) -> sums.put(what, count.sum()));
        return sums;
    }

    /** Runs for this time, waits until the door has nothing left of it, and returns what was wrong. */
    List<Violation> run(Duration length) throws InterruptedException {
        String input = upload();
        long end = System.nanoTime() + length.toNanos();
        ExecutorService clients = Executors.newFixedThreadPool(CONNECTIONS);
        for (int i = 0; i < CONNECTIONS; i++) {
            HostileRequests requests = new HostileRequests(new Random(seed * CONNECTIONS + i), input);
            clients.execute(() -> sendUntil(end, requests));
        }
        clients.shutdown();
        if (!clients.awaitTermination(length.toMillis() + 3 * LONG_MILLIS, TimeUnit.MILLISECONDS)) {
            throw new IllegalStateException("the clients have not ended");
        }
        checkWhatIsLeft();
        return List.copyOf(violations);
    }

    /** Stores the file of which the clients make batches. */
    private String upload() throws InterruptedException {
        String line = "{\"custom_id\":\"a\",\"body\":"
                + "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"?\"}]}}";
        HttpRequest request = HttpRequest.newBuilder(URI.create(door.baseUrl() + "/files"))
                .header("content-type", "multipart/form-data; boundary=b")
                .POST(HttpRequest.BodyPublishers.ofString(HostileRequests.form(line)))
                .build();
        try {
            String file = HttpClient.newHttpClient()
                    .send(request, BodyHandlers.ofString())
                    .body();
            return JsonMapper.shared().readTree(file).required("id").asString();
        } catch (IOException e) {
            throw new IllegalStateException("the door takes no file", e);
        }
    }

    private void sendUntil(long end, HostileRequests requests) {
        while (System.nanoTime() < end && violations.size() < MOST_VIOLATIONS) {
            HostileRequest request = requests.next();
            try {
                judge(request, exchange(request));
            } catch (IOException | RuntimeException e) { // the thread's backstop: what was not judged has not passed
                violate("not judged", request, e.toString());
            }
        }
    }

    /** The end of a connection. */
    private enum ConnectionEnd {
        CLOSED,
        /** The door closes it while there are bytes that it does not read. */
        RESET,
        /** The door closes it because the client has. */
        LEFT,
        HUNG
    }

    private record Received(String bytes, ConnectionEnd end) {}

    private Received exchange(HostileRequest request) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(door.address(), CONNECT_MILLIS);
            boolean isBroken = false;
            try {
                for (byte[] piece : request.pieces()) {
                    socket.getOutputStream().write(piece);
                }
            } catch (IOException closedMeanwhile) {
                isBroken = true;
            }
            ByteArrayOutputStream received = new ByteArrayOutputStream();
            ConnectionEnd end = read(socket, received, request.isGood() ? LONG_MILLIS : QUIET_MILLIS);
            if (end == ConnectionEnd.HUNG && !request.isGood()) {
                socket.shutdownOutput();
                end = read(socket, received, LONG_MILLIS);
                end = end == ConnectionEnd.HUNG ? end : ConnectionEnd.LEFT;
            }
            return new Received(
                    received.toString(ISO_8859_1), isBroken && end == ConnectionEnd.CLOSED ? ConnectionEnd.RESET : end);
        }
    }

    /** Reads to the end of the connection, or until nothing comes for so long. */
    private static ConnectionEnd read(Socket socket, ByteArrayOutputStream received, int quietMillis)
            throws IOException {
        socket.setSoTimeout(quietMillis);
        InputStream in = socket.getInputStream();
        byte[] buffer = new byte[4_096];
        try {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                received.write(buffer, 0, count);
            }
            return ConnectionEnd.CLOSED;
        } catch (SocketTimeoutException quiet) {
            return ConnectionEnd.HUNG;
        } catch (IOException reset) {
            return ConnectionEnd.RESET;
        }
    }

    private void judge(HostileRequest request, Received received) {
        if (received.end() == ConnectionEnd.HUNG) {
            violate("hung", request, received.bytes());
            return;
        }
        boolean mayBeHead = request.text().contains("HEAD");
        List<RawAnswer> answers;
        try {
            answers = RawAnswer.read(received.bytes(), mayBeHead);
        } catch (IllegalArgumentException e) {
            violate("no HTTP: " + e.getMessage(), request, received.bytes());
            return;
        }
        count(
                answers.isEmpty()
                        ? "no answer"
                        : Integer.toString(answers.get(answers.size() - 1).status()));
        for (RawAnswer answer : answers) {
            if (answer.isWhole()) {
                FuzzedAnswerCheck.problem(answer, mayBeHead)
                        .ifPresent(problem -> violate(problem, request, received.bytes()));
            } else if (received.end() == ConnectionEnd.CLOSED) {
                violate("cut", request, received.bytes());
            }
        }
        if (request.isGood() && !FuzzedAnswerCheck.isCompletion(answers, request.isStream())) {
            violate("a good request has no completion", request, received.bytes());
        }
    }

    private void count(String what) {
        counts.computeIfAbsent(what, first -> new LongAdder()).increment();
    }

    private void violate(String rule, HostileRequest request, String received) {
        violations.add(new Violation(rule, printable(request.text()), printable(received)));
    }

    private static String printable(String text) {
        String visible = text.replace("\r", "\\r").replace("\n", "\\n").replaceAll("[^ -~]", "?");
        return visible.length() > MOST_SHOWN ? visible.substring(0, MOST_SHOWN) + "… " + text.length() : visible;
    }

    private void checkWhatIsLeft() throws InterruptedException {
        if (!PolledCondition.holdsWithin(AFTERMATH, this::isNothingLeft)) {
            String left = metrics()
                    .lines()
                    .filter(line -> LEFT_OVER.stream().anyMatch(line::contains))
                    .collect(joining("; "));
            violations.add(new Violation("something is left", door.name(), left + "; " + unfinished()));
        }
        if (door.process().hasEndedUnasked()) {
            violations.add(new Violation("ended", door.name(), "see its log"));
        }
        door.process().log().stream()
                .filter(line -> line.contains(" ERROR "))
                .forEach(line -> violations.add(new Violation("an error in the log", door.name(), line)));
        long mib = door.process().peakKib() / 1_024;
        count("peak RSS of the door, MiB: " + mib);
        if (mib > MOST_MIB) {
            violations.add(new Violation("memory", door.name(), mib + " MiB"));
        }
    }

    private boolean isNothingLeft() throws InterruptedException {
        String metrics = metrics();
        return LEFT_OVER.stream().allMatch(name -> metrics.contains("\nsluice_gateway_" + name + " 0.0\n"))
                && unfinished().isEmpty();
    }

    /** Returns what the directory of files has of uploads and batches that have not ended. */
    private List<String> unfinished() {
        try (Stream<Path> uploads = Files.list(files.resolve("uploads"));
                Stream<Path> batches = Files.list(files.resolve("open"))) {
            return Stream.concat(uploads, batches).map(Path::toString).toList();
        } catch (IOException e) {
            return List.of(e.toString());
        }
    }

    private String metrics() throws InterruptedException {
        URI address = URI.create(door.baseUrl().replace("/v1", "/metrics"));
        HttpRequest request = HttpRequest.newBuilder(address)
                .timeout(Duration.ofMillis(LONG_MILLIS))
                .build();
        try {
            return HttpClient.newHttpClient()
                    .send(request, BodyHandlers.ofString())
                    .body();
        } catch (IOException e) {
            return e.toString();
        }
    }
}
