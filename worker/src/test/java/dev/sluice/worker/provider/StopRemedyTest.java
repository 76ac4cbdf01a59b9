package dev.sluice.worker.provider;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StopRemedyTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    401 invalid_api_key: check the API key (--api-key-file or TOGETHER_API_KEY) | revoked or is mistyped
                    402 | no credit
                    429 insufficient_quota | no credit or quota
                    403 billing_not_active | no credit or quota
                    403 | something in front of the API
                    302 to login.example.com | something in front of the API
                    511 | asks for a login
                    407 | --api-proxy
                    the proxy wants to know who calls: give the proxy's user and password (--api-proxy) | --api-proxy
                    the last 20 requests were rejected: 404 model_not_available | check the model's name
                    unsendable: illegal character in authority | check --base-url
                    503 engine_overloaded | the API fails: look at the provider's status page
                    200 unusable_body | something in front of the API
                    200 with error 500 server_error | the API fails
                    408 | the API fails
                    timeout | does not answer
                    connection | does not answer
                    UnknownHostException: api.403.example.com | does not answer
                    a cause of a later release | does not answer
                    """)
    void aCauseHasARemedy(String cause, String remedy) {
        assertThat(StopRemedy.of(cause)).contains(remedy);
    }
}
