package dev.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

@Timeout(30)
class ModelsOverHttpTest {
    @Test
    void modelsAreABareArrayAndNoCall() throws Exception {
        try (TogetherStandIn standIn = TogetherStandIn.start()) {
            JsonNode models = StandInClient.json(list(standIn, "Bearer key", "sluice-test"));

            assertThat(models.isArray()).isTrue();
            assertThat(models.get(0).path("id").asString()).isEqualTo("meta-llama/Llama-3.3-70B-Instruct-Turbo");
            assertThat(models.get(0).path("organization").asString()).isEqualTo("meta-llama");
            assertThat(models.get(0).has("owned_by")).isFalse();
            assertThat(models.get(0).path("pricing").path("input").isNumber()).isTrue();
            assertThat(standIn.calls()).isZero();
        }
    }

    @Test
    void onlyTheModelsThatAreAcceptedAreListed() throws Exception {
        StandInSettings settings = StandInSettings.DEFAULT.patched("{\"access\":{\"models\":[\"b\",\"a/x\"]}}");
        try (TogetherStandIn standIn = TogetherStandIn.start(settings)) {
            assertThat(StandInClient.json(list(standIn, "Bearer key", "sluice-test"))
                            .valueStream()
                            .map(model -> model.path("id").asString()))
                    .containsExactly("a/x", "b");
        }
    }

    @Test
    void aListNeedsWhatACallNeeds() throws Exception {
        try (TogetherStandIn standIn = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys("key"))) {
            assertThat(list(standIn, "Bearer other", "sluice-test").statusCode())
                    .isEqualTo(401);
            assertThat(list(standIn, "Bearer key", "java-http-client/17").statusCode())
                    .isEqualTo(403);
        }
    }

    private static HttpResponse<String> list(TogetherStandIn standIn, String authorization, String agent)
            throws Exception {
        return new StandInClient(standIn.baseUrl())
                .send(HttpRequest.newBuilder(URI.create(standIn.baseUrl() + "/models"))
                        .header("Authorization", authorization)
                        .header("User-Agent", agent));
    }
}
