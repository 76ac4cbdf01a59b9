package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientDeadlineTest {
    private static final Duration MAX = Duration.ofMinutes(10);

    @ParameterizedTest
    @CsvSource({
        "js, 30, , 29000",
        "java, 30, 20.5, 19500",
        "java, , 1, 500",
        "js, 0, , 600000",
        "js, 10000, , 600000",
        "js, nonsense, , 600000",
        "python, 30, 30, 600000",
        ", , , 600000"
    })
    void isTheClientsOwnTimeLessTheWayBack(String language, String timeout, String readTimeout, long millis) {
        Map<String, String> headers = new HashMap<>();
        headers.put("x-stainless-lang", language);
        headers.put("x-stainless-timeout", timeout);
        headers.put("x-stainless-read-timeout", readTimeout);

        assertThat(ClientDeadline.of(headers::get, MAX)).isEqualTo(Duration.ofMillis(millis));
    }
}
