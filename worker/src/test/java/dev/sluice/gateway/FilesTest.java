package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.gateway.files.FilesConfig;
import dev.sluice.gateway.files.SmallVolume;
import dev.sluice.gateway.files.TestForm;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Stores files over HTTP. */
@Timeout(60)
class FilesTest {
    private static final int MAX_FILE = 16 << 20;
    private static final byte[] LINES = "{\"custom_id\":\"a\"}\n{\"custom_id\":\"b\"}".getBytes(UTF_8);

    @TempDir
    private Path root;

    private TestDoor door;

    @BeforeEach
    void open() {
        door = door(new KeylessRule(true));
    }

    private TestDoor door(CallerRule callers) {
        return door(callers, root.resolve("files"));
    }

    private static TestDoor door(CallerRule callers, Path directory) {
        return new TestDoor(
                TestDoor.answering(),
                callers,
                100,
                TestDoor.TIMES,
                Optional.of(new FilesConfig(directory, MAX_FILE, 3L * MAX_FILE)));
    }

    @AfterEach
    void close() {
        door.close();
    }

    private static HttpResponse<String> upload(TestDoor door, byte[] form, String... headers) throws Exception {
        HttpRequest.Builder request =
                door.request("/v1/files", headers).setHeader("content-type", TestForm.CONTENT_TYPE);
        return door.send(request.POST(BodyPublishers.ofByteArray(form)));
    }

    private String put(byte[] content) throws Exception {
        HttpResponse<String> response = upload(door, TestForm.batch(content).end());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return json(response).get("id").asString();
    }

    private static JsonNode json(HttpResponse<String> response) {
        return JsonMapper.shared().readTree(response.body());
    }

    private List<Path> onDisk() throws IOException {
        try (Stream<Path> all = Files.walk(root.resolve("files"))) {
            return all.filter(Files::isRegularFile)
                    .filter(each -> !each.endsWith("sluice-files"))
                    .toList();
        }
    }

    /** Waits until a refused or cut upload has left nothing. */
    private void awaitNothing() {
        await().untilAsserted(() -> assertThat(onDisk()).isEmpty());
    }

    @Test
    void aFileIsStoredListedFetchedAndDeleted() throws Exception {
        HttpResponse<String> stored = upload(door, TestForm.batch(LINES).end());
        String id = json(stored).get("id").asString();

        assertThat(stored.statusCode()).isEqualTo(200);
        assertThat(json(stored).get("status").asString()).isEqualTo("processed");
        assertThat(json(stored).get("bytes").asLong()).isEqualTo(LINES.length);
        assertThat(door.get("/v1/files/" + id).body()).isEqualTo(stored.body());
        HttpResponse<String> content = door.get("/files/" + id + "/content");
        assertThat(content.body()).isEqualTo(new String(LINES, UTF_8));
        assertThat(content.headers().firstValueAsLong("content-length")).hasValue(LINES.length);
        assertThat(content.headers().firstValue("content-type")).contains("application/octet-stream");
        JsonNode list = json(door.get("/v1/files?limit=1&order=asc&purpose=batch"));
        assertThat(list.get("data").get(0)).isEqualTo(json(stored));
        assertThat(list.get("last_id").asString()).isEqualTo(id);
        assertThat(list.get("has_more").asBoolean()).isFalse();
        HttpResponse<String> deleted = door.send(door.request("/v1/files/" + id).DELETE());
        assertThat(deleted.body()).isEqualTo("{\"id\":\"" + id + "\",\"object\":\"file\",\"deleted\":true}");
        assertThat(door.get("/v1/files/" + id).statusCode()).isEqualTo(404);
        assertThat(door.get("/v1/files/" + id + "/content").statusCode()).isEqualTo(404);
        assertThat(json(door.get("/v1/files?after=" + id)).get("data").isEmpty())
                .isTrue();
        awaitNothing();
    }

    @Test
    void aLargeFileComesBackByteForByteThroughAnotherDoor() throws Exception {
        byte[] content = new byte[MAX_FILE];
        new Random(1).nextBytes(content);
        byte[] form = new TestForm()
                .file("in.jsonl", content)
                .field("purpose", "batch")
                .end();
        HttpRequest.Builder chunked = door.request("/v1/files").setHeader("content-type", TestForm.CONTENT_TYPE);

        HttpResponse<String> stored =
                door.send(chunked.POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(form))));

        assertThat(stored.statusCode()).as(stored.body()).isEqualTo(200);
        try (TestDoor other = door(new KeylessRule(true))) {
            byte[] fetched = other.fetch("/v1/files/" + json(stored).get("id").asString() + "/content");
            assertThat(fetched).isEqualTo(content);
        }
    }

    @Test
    void filesBelongToTheNameOfAKey() throws Exception {
        DoorKeys keys = DoorKeys.parse(List.of(
                "web " + DoorKeys.hash("sk-web"),
                "web " + DoorKeys.hash("sk-new"),
                "other " + DoorKeys.hash("sk-other")));
        try (TestDoor keyed = door(new KeyRule(() -> keys))) {
            HttpResponse<String> stored = upload(keyed, TestForm.batch(LINES).end(), "authorization", "Bearer sk-web");
            String path = "/v1/files/" + json(stored).get("id").asString();

            assertThat(status(keyed, path, "sk-web")).isEqualTo(200);
            assertThat(status(keyed, path, "sk-new")).isEqualTo(200);
            assertThat(status(keyed, path + "/content", "sk-other")).isEqualTo(404);
            assertThat(status(keyed, path, "sk-other")).isEqualTo(404);
            assertThat(status(keyed, path, "sk-none")).isEqualTo(401);
            assertThat(keyed.get(path).statusCode()).isEqualTo(401);
            assertThat(keyed.send(keyed.request(path, "authorization", "Bearer sk-other")
                                    .DELETE())
                            .statusCode())
                    .isEqualTo(404);
            assertThat(upload(keyed, TestForm.batch(LINES).end()).statusCode()).isEqualTo(401);
        }
    }

    private static int status(TestDoor door, String path, String key) throws Exception {
        return door.send(door.request(path, "authorization", "Bearer " + key).GET())
                .statusCode();
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /v1/files?limit=0, 400, limit",
        "GET, /v1/files?limit=10001, 400, limit",
        "GET, /v1/files?limit=x, 400, limit",
        "GET, /v1/files?order=up, 400, order",
        "GET, /v1/files?after=../x, 400, after",
        "GET, /v1/files/..%2F..%2Fetc%2Fpasswd, 404, file_id",
        "GET, /v1/files/file-0, 404, file_id",
        "GET, /v1/files/file-0/content, 404, file_id",
        "DELETE, /v1/files/file-0, 404, file_id",
        "DELETE, /v1/files, 405, ",
        "PUT, /v1/files/file-0, 405, ",
        "DELETE, /v1/files/file-0/content, 405, ",
        "POST, /v1/files, 415, "
    })
    void whatCannotBeDoneIsSaid(String method, String path, int status, String param) throws Exception {
        HttpResponse<String> response = door.send(door.request(path).method(method, BodyPublishers.noBody()));

        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        assertThat(TestDoor.error(response).get("param").asString(null)).isEqualTo(param);
        awaitNothing();
    }

    @Test
    void aDoorWithoutADirectorySaysSo() throws Exception {
        try (TestDoor without = TestDoor.before(TestDoor.answering())) {
            HttpResponse<String> response = without.get("/v1/files");

            assertThat(response.statusCode()).isEqualTo(404);
            assertThat(TestDoor.error(response).get("message").asString()).contains("--files-dir");
        }
        assertThat(TestDoor.error(door.get("/v1/none")).get("message").asString())
                .contains("/v1/files/ID/content");
    }

    @Test
    void aWebPageStoresNothing() throws Exception {
        HttpResponse<String> response = upload(door, TestForm.batch(LINES).end(), "origin", "https://evil.example");

        assertThat(response.statusCode()).isEqualTo(403);
        awaitNothing();
    }

    @Test
    void aFileThatIsTooLargeIsRefused() throws Exception {
        HttpResponse<String> announced =
                upload(door, TestForm.batch(new byte[MAX_FILE + (1 << 20)]).end());
        HttpResponse<String> slightly =
                upload(door, TestForm.batch(new byte[MAX_FILE + 1]).end());

        assertThat(List.of(announced, slightly)).allSatisfy(response -> {
            assertThat(response.statusCode()).isEqualTo(413);
            assertThat(TestDoor.error(response).get("message").asString()).contains(Integer.toString(MAX_FILE));
        });
        awaitNothing();
    }

    /** A client that waits for leave does not send what is refused. */
    @Test
    void leaveToSendIsGivenOrNot() throws Exception {
        byte[] form = TestForm.batch(LINES).end();
        try (RawConnection client = door.connect()) {
            client.send(head("Expect: 100-continue\r\nContent-Length: " + form.length));
            assertThat(client.head()).startsWith("http/1.1 100");
            client.send(new String(form, UTF_8));
            assertThat(client.head()).startsWith("http/1.1 200");
        }
        try (RawConnection client = door.connect()) {
            client.send(head("Expect: 100-continue\r\nContent-Length: 999999999"));
            assertThat(client.head()).startsWith("http/1.1 413");
        }
    }

    private static String head(String headers) {
        return "POST /v1/files HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + TestForm.CONTENT_TYPE + "\r\n" + headers
                + "\r\n\r\n";
    }

    @Test
    void aClientThatLeavesInTheMiddleLeavesNothing() throws Exception {
        try (RawConnection client = door.connect()) {
            client.send(head("Content-Length: 5000000"));
            client.send(new String(
                    TestForm.batch("x".repeat(1 << 20).getBytes(UTF_8)).cut(), UTF_8));
            await().until(() -> !onDisk().isEmpty());
        }

        awaitNothing();
        assertThat(put(LINES)).startsWith("file-");
    }

    /** The times of the test door let a body rest for two seconds at most. */
    @Test
    void aClientThatStopsSendingIsToldSo() throws Exception {
        try (RawConnection client = door.connect()) {
            client.send(head("Content-Length: 5000000"));
            client.send(
                    new String(TestForm.batch("x".repeat(1_000).getBytes(UTF_8)).cut(), UTF_8));

            assertThat(client.head()).startsWith("http/1.1 408");
        }
        awaitNothing();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "multipart/form-data",
                "multipart/form-data; boundary=",
                "multipart/form-data; boundary=\"",
                "multipart/form-data; boundary=b; charset=none",
                "multipart/mixed; boundary=b",
                "multipart/form-data; boundary=another"
            })
    void aFormWithoutItsBoundaryIsRefused(String contentType) throws Exception {
        HttpResponse<String> response = door.send(door.request("/v1/files")
                .setHeader("content-type", contentType)
                .POST(BodyPublishers.ofByteArray(TestForm.batch(LINES).end())));

        assertThat(response.statusCode()).as(response.body()).isIn(400, 415);
        awaitNothing();
    }

    @Test
    void aMissingPurposeIsNamed() throws Exception {
        HttpResponse<String> response =
                upload(door, new TestForm().file("a", LINES).end());

        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(TestDoor.error(response).get("param").asString()).isEqualTo("purpose");
        awaitNothing();
    }

    @Test
    void aDirectoryThatWentAwayIsSaidAndStopsNoChat() throws Exception {
        String id = put(LINES);
        Path away = root.resolve("away");
        Files.move(root.resolve("files"), away);

        assertThat(List.of(
                        door.get("/v1/files"),
                        door.get("/v1/files/" + id),
                        upload(door, TestForm.batch(LINES).end())))
                .allSatisfy(response -> {
                    assertThat(response.statusCode()).isEqualTo(503);
                    assertThat(response.headers().firstValue("retry-after")).isPresent();
                });
        assertThat(door.post(TestDoor.BODY).statusCode()).isEqualTo(200);
        Files.move(away, root.resolve("files"));
        assertThat(door.get("/v1/files/" + id + "/content").body()).isEqualTo(new String(LINES, UTF_8));
    }

    @Test
    void aFullDiskIsSaidAndStopsNoChat() throws Exception {
        try (SmallVolume volume = SmallVolume.mount(root, 1 << 20);
                TestDoor there = door(new KeylessRule(true), volume.root().resolve("files"))) {
            byte[] form = TestForm.batch("x".repeat(100_000).getBytes(UTF_8)).end();
            String id = json(upload(there, form)).get("id").asString();
            volume.fill(5);
            List<Path> before = paths(volume.root());

            HttpResponse<String> refused = upload(there, form);
            // the draft goes after the answer, and what it had taken is room again
            await().until(() -> paths(volume.root()).equals(before));
            volume.fill(0);
            HttpResponse<String> none = upload(there, TestForm.batch(LINES).end());

            assertThat(List.of(refused, none)).allSatisfy(response -> {
                assertThat(response.statusCode()).isEqualTo(507);
                assertThat(TestDoor.error(response).get("code").asString()).isEqualTo("disk_full");
            });
            assertThat(there.post(TestDoor.BODY).statusCode()).isEqualTo(200);
            assertThat(there.get("/v1/files/" + id + "/content").body()).hasSize(100_000);
            volume.free();
            assertThat(upload(there, form).statusCode()).isEqualTo(200);
        }
    }

    private static List<Path> paths(Path root) throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            return all.sorted().toList();
        } catch (UncheckedIOException e) {
            return List.of(); // one has gone while they were listed
        }
    }

    /** The file is larger than what the system takes for a client that does not read. */
    @Test
    void aClientThatDoesNotReadIsCutOffAndHoldsNothing() throws Exception {
        String id = put(new byte[MAX_FILE]);
        try (RawConnection client = door.connect()) {
            client.send("GET /v1/files/" + id + "/content HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertThat(client.head()).startsWith("http/1.1 200");
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> door.registry
                                    .find("sluice.gateway.requests")
                                    .tags("route", "files", "status", "499")
                                    .counter()
                            != null);

            assertThat(client.isReset()).isTrue();
        }
    }

    @Test
    void whoSendsManyFilesAtOnceIsToldToWait() throws Exception {
        List<RawConnection> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 24; i++) {
                clients.add(door.connect().send(head("Content-Length: 5000")));
            }
            await().untilAsserted(() -> assertThat(
                            upload(door, TestForm.batch(LINES).end()).statusCode())
                    .isEqualTo(503));
            for (RawConnection each : clients) {
                each.close();
            }
            await().untilAsserted(() -> assertThat(
                            upload(door, TestForm.batch(LINES).end()).statusCode())
                    .isEqualTo(200));
        } finally {
            for (RawConnection each : clients) {
                each.close();
            }
        }
    }

    @Test
    void aDrainLetsAnUploadEnd() throws Exception {
        byte[] form = TestForm.batch(LINES).end();
        try (RawConnection client = door.connect()) {
            client.send(head("Content-Length: " + form.length));
            client.send(new String(form, 0, 100, UTF_8));
            await().until(() -> {
                try (Stream<Path> uploads = Files.list(root.resolve("files/uploads"))) {
                    return uploads.findAny().isPresent();
                }
            });
            Thread drain = new Thread(() -> door.gateway.drain(Duration.ofSeconds(20)));
            drain.start();
            await().until(() -> door.get("/health/ready").statusCode() == 503);

            assertThat(door.get("/v1/files").statusCode()).isEqualTo(503);
            assertThat(drain.isAlive()).isTrue();
            client.send(new String(form, 100, form.length - 100, UTF_8));
            assertThat(client.head()).startsWith("http/1.1 200");
            drain.join(10_000);
            assertThat(drain.isAlive()).isFalse();
        }
    }

    @Test
    void theDoorDoesNotStartBeforeADirectoryOfSomethingElse() throws Exception {
        Path foreign = Files.createDirectory(root.resolve("foreign"));
        Files.writeString(foreign.resolve("thesis.tex"), "x");

        assertThatThrownBy(() -> new TestDoor(
                        TestDoor.answering(),
                        new KeylessRule(true),
                        1,
                        TestDoor.TIMES,
                        Optional.of(new FilesConfig(foreign, 1, 1))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("--files-dir " + foreign);
    }

    /** A program that a test kills. */
    static final class Victim {
        public static void main(String[] arguments) throws Exception {
            FilesTest files = new FilesTest();
            files.root = Path.of(arguments[0]);
            files.open();
            System.out.println(files.door.gateway.port());
            Thread.currentThread().join();
        }
    }

    @Test
    void aDoorThatIsKilledDuringAnUploadLeavesNoFileAndNoneIsLost() throws Exception {
        String kept = put(LINES);
        Process victim = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Victim.class.getName(),
                        root.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (InputStream out = victim.getInputStream()) {
            int port = Integer.parseInt(firstLine(out));
            try (RawConnection client = new RawConnection(port)) {
                client.send(head("Content-Length: 5000000"));
                client.send(new String(
                        TestForm.batch("x".repeat(1 << 20).getBytes(UTF_8)).cut(), UTF_8));
                await().until(() ->
                        onDisk().stream().anyMatch(each -> each.toString().contains("uploads")));

                victim.destroyForcibly().waitFor();
            }
        } finally {
            victim.destroyForcibly();
        }

        assertThat(onDisk()).hasSize(3); // the stored one, and what nobody goes on with
        assertThat(json(door.get("/v1/files")).get("data")).hasSize(1);
        assertThat(door.get("/v1/files/" + kept + "/content").body()).isEqualTo(new String(LINES, UTF_8));
    }

    private static String firstLine(InputStream out) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = out.read(); next >= '0'; next = out.read()) {
            line.append((char) next);
        }
        return line.toString();
    }
}
