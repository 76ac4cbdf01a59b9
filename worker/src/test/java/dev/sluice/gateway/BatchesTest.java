package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.files.FilesConfig;
import dev.sluice.gateway.files.SmallVolume;
import dev.sluice.gateway.files.TestForm;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
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

/** Creates, lists and cancels batches over HTTP, which nobody runs. */
@Timeout(60)
class BatchesTest {
    private static final String GOOD =
            "{'input_file_id':'FILE','endpoint':'/v1/chat/completions','completion_window':'24h'}";

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
                Optional.of(new FilesConfig(directory, 1 << 20, 1 << 24)));
    }

    @AfterEach
    void close() {
        door.close();
    }

    private String upload() throws Exception {
        HttpRequest.Builder request = door.request("/v1/files").setHeader("content-type", TestForm.CONTENT_TYPE);
        HttpResponse<String> stored = door.send(request.POST(
                BodyPublishers.ofByteArray(TestForm.batch("{}".getBytes(UTF_8)).end())));
        return json(stored).get("id").asString();
    }

    private HttpResponse<String> post(String path, String body) throws Exception {
        return door.send(door.request(path).POST(BodyPublishers.ofString(body.replace('\'', '"'))));
    }

    private JsonNode create() throws Exception {
        HttpResponse<String> created = post("/v1/batches", GOOD.replace("FILE", upload()));
        assertThat(created.statusCode()).as(created.body()).isEqualTo(200);
        return json(created);
    }

    private static JsonNode json(HttpResponse<String> response) {
        return JsonMapper.shared().readTree(response.body());
    }

    @Test
    void aBatchIsCreatedRetrievedAndCancelled() throws Exception {
        JsonNode created = create();
        String path = "/v1/batches/" + created.get("id").asString();

        assertThat(created.get("status").asString()).isEqualTo("validating");
        assertThat(created.get("expires_at").asLong()
                        - created.get("created_at").asLong())
                .isEqualTo(86_400);
        assertThat(json(door.get(path))).isEqualTo(created);
        HttpRequest.Builder bare =
                HttpRequest.newBuilder(door.request(path + "/cancel").build().uri());
        HttpResponse<String> cancelled = door.send(bare.POST(BodyPublishers.noBody()));
        assertThat(json(cancelled).get("status").asString()).isEqualTo("cancelling");
        assertThat(json(cancelled).get("cancelling_at").isNull()).isFalse();
        assertThat(json(door.get("/batches/" + created.get("id").asString() + "/")))
                .isEqualTo(json(cancelled));
    }

    @Test
    void whatTheCallerAsksForIsKept() throws Exception {
        JsonNode created = json(post(
                "/v1/batches",
                "{'input_file_id':'" + upload()
                        + "','endpoint':'/v1/chat/completions','completion_window':'90m',"
                        + "'metadata':{'job':'nightly'},"
                        + "'output_expires_after':{'anchor':'created_at','seconds':3600}}"));

        assertThat(created.get("completion_window").asString()).isEqualTo("90m");
        assertThat(created.get("expires_at").asLong()
                        - created.get("created_at").asLong())
                .isEqualTo(5_400);
        assertThat(created.at("/metadata/job").asString()).isEqualTo("nightly");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "no JSON | invalid_json | null",
                "[] | invalid_json | null",
                "{} | invalid_value | endpoint",
                "{'endpoint':'/v1/embeddings'} | invalid_value | endpoint",
                "{'endpoint':'/v1/chat/completions'} | invalid_value | completion_window",
                "{'endpoint':'/v1/chat/completions','completion_window':'24h'} | invalid_value | input_file_id",
            })
    void whatIsMissingIsNamed(String body, String code, String param) throws Exception {
        HttpResponse<String> refused = post("/v1/batches", body);

        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(TestDoor.error(refused).get("code").asString()).isEqualTo(code);
        assertThat(TestDoor.error(refused).get("param").asString("null")).isEqualTo(param);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "'completion_window':'0h' | completion_window",
                "'completion_window':'8d' | completion_window",
                "'completion_window':'24 h' | completion_window",
                "'completion_window':24 | completion_window",
                "'completion_window':'24h','metadata':{'a':1} | metadata",
                "'completion_window':'24h','metadata':[] | metadata",
                "'completion_window':'24h','metadata':'a' | metadata",
                "'completion_window':'24h','output_expires_after':{'seconds':3600} | output_expires_after",
                "'completion_window':'24h','output_expires_after':{'anchor':'created_at','seconds':1} |"
                        + " output_expires_after",
            })
    void aWrongValueIsNamed(String fields, String param) throws Exception {
        HttpResponse<String> refused = post(
                "/v1/batches", "{'input_file_id':'" + upload() + "','endpoint':'/v1/chat/completions'," + fields + "}");

        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(TestDoor.error(refused).get("param").asString()).isEqualTo(param);
        assertThat(json(door.get("/v1/batches")).get("data").isEmpty()).isTrue();
    }

    @Test
    void anUnknownFileIsNotFound() throws Exception {
        HttpResponse<String> refused = post("/v1/batches", GOOD.replace("FILE", "file-" + "0".repeat(36)));

        assertThat(refused.statusCode()).isEqualTo(404);
        assertThat(TestDoor.error(refused).get("code").asString()).isEqualTo("file_not_found");
    }

    @Test
    void pagesHaveAllBatchesTheLatestFirst() throws Exception {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            ids.add(create().get("id").asString());
        }
        ids.sort(Collections.reverseOrder());

        JsonNode first = json(door.get("/v1/batches?limit=2"));
        JsonNode rest = json(door.get("/v1/batches?limit=2&after=" + ids.get(1)));
        JsonNode none = json(door.get("/v1/batches?after=" + ids.get(2)));

        assertThat(first.get("data").get(0).get("id").asString()).isEqualTo(ids.get(0));
        assertThat(first.get("first_id").asString()).isEqualTo(ids.get(0));
        assertThat(first.get("last_id").asString()).isEqualTo(ids.get(1));
        assertThat(first.get("has_more").asBoolean()).isTrue();
        assertThat(rest.get("data").get(0).get("id").asString()).isEqualTo(ids.get(2));
        assertThat(rest.get("has_more").asBoolean()).isFalse();
        assertThat(none.get("data").isEmpty()).isTrue();
        assertThat(none.get("last_id").isNull()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"?limit=0", "?limit=101", "?limit=x", "?after=..", "?after=file-1"})
    void aBadPageIsRefused(String query) throws Exception {
        assertThat(door.get("/v1/batches" + query).statusCode()).isEqualTo(400);
    }

    @Test
    void aFullDiskIsSaidAndWhatIsThereIsServed() throws Exception {
        door.close();
        try (SmallVolume volume = SmallVolume.mount(root, 1 << 20)) {
            door = door(new KeylessRule(true), volume.root().resolve("files"));
            String order = GOOD.replace("FILE", upload());
            String path =
                    "/v1/batches/" + json(post("/v1/batches", order)).get("id").asString();
            volume.fill(0);

            assertThat(List.of(post("/v1/batches", order), post(path + "/cancel", "")))
                    .allSatisfy(response -> {
                        assertThat(response.statusCode()).isEqualTo(507);
                        assertThat(TestDoor.error(response).get("code").asString())
                                .isEqualTo("disk_full");
                    });
            assertThat(json(door.get(path)).get("status").asString()).isEqualTo("validating");
            volume.free();
            assertThat(post(path + "/cancel", "").statusCode()).isEqualTo(200);
            assertThat(json(door.get("/v1/batches")).get("data")).hasSize(1);
        }
    }

    @Test
    void aBatchWhoseStateIsDamagedIsSaidAndHidesNoOther() throws Exception {
        String damaged = create().get("id").asString();
        String whole = create().get("id").asString();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path each : files.filter(file -> file.endsWith(damaged + "/1/state.json"))
                    .toList()) {
                Files.write(each, new byte[0]);
            }
        }

        HttpResponse<String> found = door.get("/v1/batches/" + damaged);

        assertThat(found.statusCode()).isEqualTo(500);
        assertThat(TestDoor.error(found).get("code").asString()).isEqualTo("damaged_files");
        assertThat(found.headers().firstValue("x-should-retry")).contains("false");
        assertThat(json(door.get("/v1/batches")).get("data").findValuesAsString("id"))
                .containsExactly(whole);
    }

    @Test
    void nobodyElseSeesABatch() throws Exception {
        String id = create().get("id").asString();
        Caller stranger = new Caller("stranger", null, false, CallerAllowance.unlimited());
        try (TestDoor other = door(request -> new CallerRule.Admitted(stranger))) {
            HttpResponse<String> found = other.get("/v1/batches/" + id);
            HttpResponse<String> cancelled =
                    other.send(other.request("/v1/batches/" + id + "/cancel").POST(BodyPublishers.noBody()));

            assertThat(found.statusCode()).isEqualTo(404);
            assertThat(TestDoor.error(found).get("code").asString()).isEqualTo("batch_not_found");
            assertThat(cancelled.statusCode()).isEqualTo(404);
            assertThat(json(other.get("/v1/batches")).get("data").isEmpty()).isTrue();
        }
    }

    @Test
    void otherMethodsAndPathsAreSaidToBeWrong() throws Exception {
        String id = create().get("id").asString();

        assertThat(door.send(door.request("/v1/batches/" + id).DELETE()).statusCode())
                .isEqualTo(405);
        assertThat(door.get("/v1/batches/" + id + "/cancel").statusCode()).isEqualTo(405);
        assertThat(door.send(door.request("/v1/batches").DELETE()).statusCode()).isEqualTo(405);
        assertThat(door.get("/v1/batches/" + id + "/more").statusCode()).isEqualTo(404);
        try (TestDoor without = TestDoor.before(TestDoor.answering())) {
            assertThat(TestDoor.error(without.get("/v1/batches")).get("message").asString())
                    .contains("--files-dir");
        }
    }
}
