package dev.sluice.worker.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.spi.FilterReply;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.stream.LongStream;
import org.apache.kafka.clients.ClientUtils;
import org.apache.kafka.clients.NetworkClient;
import org.junit.jupiter.api.Test;

class NetworkWarningFilterTest {
    private static final long START = 1_800_000_000_000L;
    private final NetworkWarningFilter filter = new NetworkWarningFilter();

    @Test
    void passesOneWarningOfTheNetworkLayerAMinute() {
        long passed = LongStream.range(0, 10 * 60 * 5)
                .filter(fifth -> passes(NetworkClient.class, Level.WARN, START + fifth * 200))
                .count();

        assertThat(passed).isEqualTo(10);
    }

    @Test
    void aNameThatIsNotResolvedIsOfTheNetworkLayer() {
        assertThat(passes(ClientUtils.class, Level.WARN, START)).isTrue();
        assertThat(passes(ClientUtils.class, Level.WARN, START + 500)).isFalse();
    }

    @Test
    void aClockThatIsSetBackDoesNotSilenceWarningsForLonger() {
        assertThat(passes(NetworkClient.class, Level.WARN, START)).isTrue();
        assertThat(passes(NetworkClient.class, Level.WARN, START - 3_600_000)).isTrue();
        assertThat(passes(NetworkClient.class, Level.WARN, START - 3_599_000)).isFalse();
    }

    @Test
    void passesErrorsAndAllOtherLoggers() {
        assertThat(passes(NetworkClient.class, Level.WARN, START)).isTrue();

        assertThat(passes(NetworkClient.class, Level.ERROR, START + 1)).isTrue();
        assertThat(passes(NetworkWarningFilter.class, Level.WARN, START + 1)).isTrue();
        assertThat(passes(NetworkWarningFilter.class, Level.DEBUG, START + 1)).isTrue();
    }

    @Test
    void passesNothingOfTheAdminClientOfACommand() {
        LoggingEvent refused = event(NetworkClient.class, Level.ERROR, START);
        refused.setMessage("[AdminClient clientId=sluice-admin] Connection to node {} failed authentication");
        LoggingEvent ofAnother = event(NetworkClient.class, Level.ERROR, START);
        ofAnother.setMessage("[Consumer clientId=sluice-admin-2] Connection to node {} failed authentication");

        assertThat(filter.decide(refused)).isEqualTo(FilterReply.DENY);
        assertThat(filter.decide(ofAnother)).isEqualTo(FilterReply.NEUTRAL);
    }

    @Test
    void bothAppendersHaveTheFilter() throws IOException {
        try (var file = getClass().getResourceAsStream("/logback.xml")) {
            String configuration = new String(file.readAllBytes(), StandardCharsets.UTF_8);

            assertThat(configuration.split("<filter class=\"" + NetworkWarningFilter.class.getName() + "\"", -1))
                    .hasSize(3);
        }
    }

    private boolean passes(Class<?> logging, Level level, long millis) {
        return filter.decide(event(logging, level, millis)) == FilterReply.NEUTRAL;
    }

    private static LoggingEvent event(Class<?> logging, Level level, long millis) {
        LoggingEvent event = new LoggingEvent();
        event.setLoggerName(logging.getName());
        event.setLevel(level);
        event.setTimeStamp(millis);
        return event;
    }
}
