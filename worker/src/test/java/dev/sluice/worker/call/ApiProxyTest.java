package dev.sluice.worker.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ApiProxyTest {
    private static final URI API = URI.create("https://api.together.ai/v1");

    @ParameterizedTest
    @CsvSource({
        "http://proxy:3128, http://proxy:3128",
        "http://proxy:3128/, http://proxy:3128",
        "proxy:3128, http://proxy:3128",
        "HTTP://proxy, http://proxy:80",
        "http://10.0.0.1:8080, http://10.0.0.1:8080",
        "http://[::1]:8080, http://[::1]:8080"
    })
    void theOptionNamesIt(String option, String shown) {
        assertThat(chosen(API, Optional.of(option), Map.of()))
                .hasValueSatisfying(proxy -> assertThat(proxy).hasToString(shown));
    }

    @Test
    void itMayHaveAUserAndAPasswordThatAreNeverShown() {
        ApiProxy proxy = chosen(API, Optional.of("http://me%40corp:p%3Aw%2F+@proxy:3128"), Map.of())
                .orElseThrow();

        assertThat(proxy.user()).contains("me@corp");
        assertThat(proxy.password()).isEqualTo("p:w/+");
        assertThat(proxy).hasToString("http://proxy:3128");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://user:geheim@proxy:443",
                "socks5://user:geheim@proxy:1080",
                "http://user:geheim@proxy:99999",
                "http://user:geheim@proxy:3128/path",
                "http://user:gehe im@proxy",
                "http://user:geheim%@proxy",
                "http://user:geheim@",
                "http://user:geheim@my_proxy:3128"
            })
    void whatIsNoHttpProxyIsRefusedWithoutItsPassword(String option) {
        assertThatThrownBy(() -> chosen(API, Optional.of(option), Map.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("--api-proxy: must be http://[USER:PASSWORD@]HOST:PORT")
                .hasMessageNotContainingAny("geheim", "gehe im")
                .hasNoCause();
    }

    @Test
    void theEnvironmentNamesItForEachScheme() {
        Map<String, String> env = Map.of("HTTPS_PROXY", "http://secure:1", "http_proxy", "plain:2");

        assertThat(chosen(API, Optional.empty(), env)).map(ApiProxy::toString).contains("http://secure:1");
        assertThat(chosen(URI.create("http://vllm.corp:8000/v1"), Optional.empty(), env))
                .map(ApiProxy::toString)
                .contains("http://plain:2");
        assertThat(chosen(API, Optional.empty(), Map.of("http_proxy", "plain:2")))
                .isEmpty();
        assertThat(chosen(API, Optional.empty(), Map.of("HTTPS_PROXY", ""))).isEmpty();
    }

    @Test
    void theOptionWinsAndCanSayNone() {
        Map<String, String> env = Map.of("HTTPS_PROXY", "http://other:1", "NO_PROXY", "*");

        assertThat(chosen(API, Optional.of("http://mine:2"), env))
                .map(ApiProxy::toString)
                .contains("http://mine:2");
        assertThat(chosen(API, Optional.of("none"), Map.of("HTTPS_PROXY", "http://other:1")))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "api.corp; api.corp",
                "api.corp; a.test,api.corp",
                "api.corp; a.test, API.CORP ,b",
                "api.corp; corp",
                "api.corp; .corp",
                "api.corp; *.corp",
                "api.corp; *",
                "api.corp; api.corp:8443",
                "10.1.2.3; 10.1.2.3",
                "10.1.2.3; 10.0.0.0/8",
                "10.1.2.3; 0.0.0.0/0",
                "[fd00::1]; fd00::1"
            })
    void theEnvironmentNamesExceptions(String host, String exceptions) {
        URI api = URI.create("https://" + host + ":8443/v1");

        assertThat(chosen(api, Optional.empty(), Map.of("HTTPS_PROXY", "proxy:1", "NO_PROXY", exceptions)))
                .isEmpty();
        assertThat(chosen(api, Optional.empty(), Map.of("https_proxy", "proxy:1", "no_proxy", exceptions)))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "api.corp; pi.corp",
                "api.corp; api.corp:1",
                "api.corp; api",
                "api.corp; ,",
                "api.corp; .",
                "10.1.2.3; 11.0.0.0/8",
                "10.1.2.3; 10.0.0.0/99",
                "api.corp; 10.0.0.0/8"
            })
    void whatIsNoExceptionIsNone(String host, String exceptions) {
        URI api = URI.create("https://" + host + ":8443/v1");

        assertThat(chosen(api, Optional.empty(), Map.of("HTTPS_PROXY", "proxy:1", "NO_PROXY", exceptions)))
                .isPresent();
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://localhost:8000/v1", "http://127.0.0.1:8000/v1", "http://[::1]:8000/v1"})
    void thisHostItselfIsCalledDirectlyUnlessTheOptionSaysOtherwise(String api) {
        assertThat(chosen(URI.create(api), Optional.empty(), Map.of("http_proxy", "proxy:1")))
                .isEmpty();
        assertThat(chosen(URI.create(api), Optional.of("proxy:1"), Map.of())).isPresent();
    }

    @Test
    void thePropertiesOfTheJvmWinOverTheEnvironment() {
        ProxySelector ofJvm = new ProxySelector() {
            @Override
            public List<Proxy> select(URI uri) {
                return List.of(new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved("jvm", 3)));
            }

            @Override
            public void connectFailed(URI uri, SocketAddress address, IOException failure) {
                throw new UnsupportedOperationException();
            }
        };

        assertThat(ApiProxy.choose(API, Optional.empty(), Map.of("HTTPS_PROXY", "proxy:1"), ofJvm))
                .map(ApiProxy::toString)
                .contains("http://jvm:3");
    }

    private static Optional<ApiProxy> chosen(URI api, Optional<String> option, Map<String, String> env) {
        return ApiProxy.choose(api, option, env, null);
    }
}
