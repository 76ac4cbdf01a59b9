package dev.sluice.worker.provider;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ModelListTest {
    @Test
    void togethersArrayHasOpenAisFieldsBesideItsOwn() {
        JsonNode list = list("[{\"id\":\"a/b\",\"object\":\"model\",\"created\":7,\"type\":\"chat\","
                + "\"organization\":\"A\",\"pricing\":{\"input\":0.5}},{\"id\":\"c\"}]");

        assertThat(list)
                .hasToString("[{\"id\":\"a/b\",\"object\":\"model\",\"created\":7,\"owned_by\":\"A\","
                        + "\"type\":\"chat\",\"organization\":\"A\",\"pricing\":{\"input\":0.5}},"
                        + "{\"id\":\"c\",\"object\":\"model\",\"created\":0,\"owned_by\":\"\"}]");
    }

    @Test
    void openAisListKeepsItsOwner() {
        assertThat(list("{\"object\":\"list\",\"data\":[{\"id\":\"m\",\"created\":1,\"owned_by\":\"o\"}]}"))
                .hasToString("[{\"id\":\"m\",\"object\":\"model\",\"created\":1,\"owned_by\":\"o\"}]");
    }

    @Test
    void whatIsNoModelIsLeftOut() {
        assertThat(list("[{\"id\":\"m\"},{\"id\":7},{\"id\":\" \"},\"m\",null,[]]"))
                .hasSize(1);
    }

    @Test
    void anAccountMayHaveNoModels() {
        assertThat(list("[]")).isEmpty();
        assertThat(list("{\"data\":[]}")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "<html>",
                "{}",
                "{\"data\":{}}",
                "{\"error\":{\"message\":\"no\"}}",
                "[1,2]",
                "[{\"name\":1}]",
                "7"
            })
    void aForeignAnswerHasNoList(String body) {
        assertThat(ModelList.of(body.getBytes(UTF_8))).isEmpty();
    }

    @Test
    void aListThatIsTooLargeHasTheLeastOfEachModelAndAsManyAsFit() {
        String link = "x".repeat(5_000);
        JsonNode shorter = list(many(1_000, link));
        assertThat(shorter).hasSize(1_000);
        assertThat(shorter.get(999)).hasToString(least(999));

        byte[] bounded = ModelList.of(many(50_000, "").getBytes(UTF_8)).orElseThrow();
        assertThat(bounded).hasSizeBetween(ModelList.MAX_BYTES - 200, ModelList.MAX_BYTES);
        assertThat(JsonMapper.shared().readTree(bounded).get(0)).hasToString(least(0));
    }

    private static String many(int count, String link) {
        return IntStream.range(0, count)
                .mapToObj(i -> "{\"id\":\"m-" + i + "\",\"link\":\"" + link + "\"}")
                .collect(Collectors.joining(",", "[", "]"));
    }

    private static String least(int i) {
        return "{\"id\":\"m-" + i + "\",\"object\":\"model\",\"created\":0,\"owned_by\":\"\"}";
    }

    private static JsonNode list(String body) {
        return JsonMapper.shared().readTree(ModelList.of(body.getBytes(UTF_8)).orElseThrow());
    }
}
