package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ModelsRouteTest {
    private static final String MODEL =
            "{\"id\":\"a/b+c ü\",\"object\":\"model\",\"created\":1,\"owned_by\":\"a\",\"type\":\"chat\"}";

    private static TestDoor doorWithModels() {
        TestDoor door = TestDoor.before(TestDoor.answering());
        door.workers.models = ModelCatalog.of(("[" + MODEL + ",{\"id\":\"d\"}]").getBytes(UTF_8));
        return door;
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1/models", "/models", "/v1/models/", "/v1/models?limit=3"})
    void listsTheModelsInOpenAisForm(String path) throws Exception {
        try (TestDoor door = doorWithModels()) {
            HttpResponse<String> response = door.get(path);

            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.headers().firstValue("content-type")).contains("application/json");
            assertThat(response.body()).isEqualTo("{\"object\":\"list\",\"data\":[" + MODEL + ",{\"id\":\"d\"}]}");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1/models/a/b+c%20%C3%BC", "/models/a%2Fb%2Bc%20%C3%BC", "/v1/models/a%2fb+c%20%c3%bc/"})
    void findsAModelHoweverItsNameIsEncoded(String path) throws Exception {
        try (TestDoor door = doorWithModels()) {
            HttpResponse<String> response = door.get(path);

            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.body()).isEqualTo(MODEL);
        }
    }

    @Test
    void aModelThatIsNotListedIsNotFound() throws Exception {
        try (TestDoor door = doorWithModels()) {
            HttpResponse<String> unknown = door.get("/v1/models/a%2Fx");
            assertThat(unknown.statusCode()).isEqualTo(404);
            assertThat(TestDoor.error(unknown).get("code").asString()).isEqualTo("model_not_found");
            assertThat(TestDoor.error(unknown).get("message").asString()).contains("'a/x'");

            HttpResponse<String> posted = door.send(door.request("/v1/models").DELETE());
            assertThat(posted.statusCode()).isEqualTo(405);
            assertThat(posted.headers().firstValue("allow")).contains("GET");
        }
    }

    @Test
    void aPathThatIsWronglyEncodedIsTheCallersFault() throws Exception {
        try (TestDoor door = doorWithModels();
                RawConnection connection = door.connect()) {
            connection.send("GET /v1/models/%zz HTTP/1.1\r\nhost: localhost\r\n\r\n");

            assertThat(connection.until("}}")).contains("400 Bad Request", "invalid_path");
        }
    }

    @Test
    void togethersClientsGetTheirArray() throws Exception {
        for (String agent : List.of("Together/JS 0.52.0", "AsyncTogether/Python 2.0.0")) {
            try (TestDoor door = doorWithModels()) {
                HttpResponse<String> response =
                        door.send(door.request("/v1/models").header("user-agent", agent));

                assertThat(response.body()).isEqualTo("[" + MODEL + ",{\"id\":\"d\"}]");
            }
        }
    }

    @Test
    void beforeAWorkerHasListedThemClientsAreToAskAgain() throws Exception {
        try (TestDoor door = TestDoor.before(TestDoor.answering())) {
            HttpResponse<String> soon = door.get("/v1/models");
            assertThat(soon.statusCode()).isEqualTo(503);
            assertThat(soon.headers().firstValue("retry-after")).contains("5");
            assertThat(TestDoor.error(soon).get("code").asString()).isEqualTo("models_unknown");

            door.workers.alive = OptionalInt.of(0);
            assertThat(TestDoor.error(door.get("/v1/models/m")).get("message").asString())
                    .contains("none is alive");
        }
    }

    @Test
    void whoeverHasNoKeySeesNoModels() throws Exception {
        DoorKeys keys = DoorKeys.parse(List.of("web " + DoorKeys.hash("sk-web")));
        try (TestDoor door = new TestDoor(TestDoor.answering(), new KeyRule(() -> keys), 100, TestDoor.TIMES)) {
            door.workers.models = ModelCatalog.of("[]".getBytes(UTF_8));

            assertThat(door.get("/v1/models").statusCode()).isEqualTo(401);
            assertThat(door.send(door.request("/v1/models", "authorization", "Bearer sk-web"))
                            .body())
                    .isEqualTo("{\"object\":\"list\",\"data\":[]}");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{}", "[", "7"})
    void whatIsNoListIsNoCatalog(String models) {
        assertThat(ModelCatalog.of(models.getBytes(UTF_8))).isEmpty();
    }
}
