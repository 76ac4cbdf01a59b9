package dev.sluice.worker.provider;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BaseUrlCheckTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                TogetherApi.BASE_URL,
                "https://api.together.xyz/v1/",
                "https://API.Together.xyz/v1",
                "https://api.openai.com/v1",
                "https://openrouter.ai/api/v1",
                "http://localhost:8080/v1",
                "http://vllm:8000",
                "http://vllm:8000/",
                "https://gateway.corp/llm/v1//",
                "https://10.0.0.1/chat/v2",
                "http://[::1]:8080/v1",
                "https://proxy.corp/https%3A%2F%2Fapi/v1",
                "https://gateway.corp/ai/chat",
                "https://gateway.corp/models",
                "https://x.openai.azure.com/openai/deployments/chat",
                "https://gateway.corp/@me/v1",
                "http://api.together.ai/v1",
                "https://api.openai.com/eu/v1"
            })
    void whatMayBeRightIsAccepted(String url) {
        assertThat(BaseUrlCheck.problem(URI.create(url))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "https://api.together.ai/v1/chat/completions, https://api.together.ai/v1",
        "https://api.together.ai/v1/chat/completions/, https://api.together.ai/v1",
        "https://api.together.ai/chat/completions, https://api.together.ai/v1",
        "http://vllm:8000/v1/chat/completions, http://vllm:8000/v1",
        "http://vllm:8000/v1/completions, http://vllm:8000/v1",
        "https://api.together.ai, https://api.together.ai/v1",
        "https://api.together.xyz/, https://api.together.xyz/v1",
        "http://api.openai.com, https://api.openai.com/v1",
        "https://openrouter.ai, https://openrouter.ai/api/v1"
    })
    void whatCannotBeRightIsRefusedWithItsValueAndTheRightOne(String url, String right) {
        assertThat(BaseUrlCheck.problem(URI.create(url)))
                .hasValueSatisfying(problem ->
                        assertThat(problem).contains(" " + right + ",").endsWith(", is '" + url + "'"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ftp://api.test/v1",
                "api.together.ai/v1",
                "/v1",
                "https:///v1",
                "http://my_vllm:8000/v1",
                "http://vllm:99999/v1",
                "http://vllm:0/v1"
            })
    void whatIsNoAddressIsRefused(String url) {
        assertThat(BaseUrlCheck.problem(URI.create(url)))
                .hasValueSatisfying(
                        problem -> assertThat(problem).startsWith("must ").contains(url));
    }

    @ParameterizedTest
    @CsvSource({
        "https://api.together.xyz/v2, https://api.together.xyz/v1",
        "http://api.together.ai/v1, https://api.together.ai/v1",
        "https://openrouter.ai/v1, https://openrouter.ai/api/v1",
        "http://vllm:8000/v1/models, http://vllm:8000/v1",
        "https://gateway.corp/ai/chat/, https://gateway.corp/ai"
    })
    void whatIsLikelyWrongIsTakenAndDoubted(String url, String likely) {
        assertThat(BaseUrlCheck.problem(URI.create(url))).isEmpty();
        assertThat(BaseUrlCheck.doubt(URI.create(url))).contains(likely);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {TogetherApi.BASE_URL, "https://API.Together.xyz/v1/", "http://vllm:8000", "http://a/chat/v2"})
    void whatIsLikelyRightIsNotDoubted(String url) {
        assertThat(BaseUrlCheck.doubt(URI.create(url))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "https://gw.corp/v1?key=geheim, is 'https://gw.corp/v1?…'",
        "https://gw.corp/v1#geheim, is 'https://gw.corp/v1#…'",
        "ftp://gw.corp/v1?key=geheim, is 'ftp://gw.corp/v1?…'"
    })
    void aQueryIsRefusedAndNotShown(String url, String shown) {
        assertThat(BaseUrlCheck.problem(URI.create(url)))
                .hasValueSatisfying(
                        problem -> assertThat(problem).endsWith(shown).doesNotContain("geheim"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://me:geheim@api.test/v1",
                "https://geheim@api.test/v1",
                "me:geheim@api.test/v1",
                "//me:geheim@api.test/v1",
                "https:me:geheim@api.test/v1",
                "https:/me:geheim@api.test/v1",
                "https://me:geh/eim@api.test/v1",
                "https://me:geheim@my_api/v1"
            })
    void aPasswordInItIsRefusedAndNotShown(String url) {
        assertThat(BaseUrlCheck.problem(URI.create(url)))
                .hasValueSatisfying(problem ->
                        assertThat(problem).contains("--api-key-file").doesNotContain("geh"));
    }
}
