package dev.sluice.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.call.CallResult;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Tests in virtual time when a worker asks for the models. */
class ModelListingTest {
    private static final CallResult LIST = answered(200, "[{\"id\":\"m\"}]");

    private final Deque<Consumer<CallResult>> asked = new ArrayDeque<>();
    private long now;

    @Test
    void asksSoonAfterTheStartAndOnceAnHour() {
        ModelListing listing = listing();
        assertThat(listing.next(now)).isEmpty();
        assertThat(asked).isEmpty();

        pass(Duration.ofSeconds(5), listing);
        assertThat(asked).hasSize(1);
        pass(Duration.ofMinutes(5), listing); // nobody asks again while an answer is awaited
        assertThat(asked).hasSize(1);

        asked.remove().accept(LIST);
        assertThat(listing.next(now).map(list -> new String(list, UTF_8)).orElseThrow())
                .contains("\"id\":\"m\"");
        assertThat(listing.next(now)).isEmpty();
        pass(Duration.ofMinutes(59), listing);
        assertThat(asked).isEmpty();
        pass(Duration.ofMinutes(2), listing);
        assertThat(asked).hasSize(1);
    }

    @Test
    void aListOfAnotherWorkerPutsItOff() {
        ModelListing listing = listing();
        for (int i = 0; i < 10; i++) {
            listing.seen(now);
            pass(Duration.ofMinutes(59), listing);
        }
        assertThat(asked).isEmpty();

        pass(Duration.ofMinutes(2), listing);
        assertThat(asked).hasSize(1);
    }

    @Test
    void aFailureIsToldOnceAndTriedAgainMoreAndMoreSeldom() {
        try (LogLines log = new LogLines(ModelListing.class)) {
            ModelListing listing = listing();
            int asks = 0;
            for (int minute = 0; minute < 600; minute++) {
                pass(Duration.ofMinutes(1), listing);
                if (!asked.isEmpty()) {
                    asks++;
                    asked.remove().accept(answered(404, "nothing here"));
                    assertThat(listing.next(now)).isEmpty();
                }
            }
            assertThat(asks).isBetween(12, 17);
            assertThat(log.all()).singleElement().asString().contains("Models not listed", "status 404");

            pass(Duration.ofHours(2), listing);
            asked.remove().accept(new CallResult.Failed("timeout", "timed out", 1));
            listing.next(now);
            pass(Duration.ofHours(2), listing);
            asked.remove().accept(answered(200, "<html>"));
            listing.next(now);
            assertThat(log.all()).hasSize(3);
            assertThat(log.all().get(1)).contains("timed out");
            assertThat(log.all().get(2)).contains("no list of models");

            pass(Duration.ofHours(2), listing);
            asked.remove().accept(LIST);
            assertThat(listing.next(now)).isPresent();
        }
    }

    private ModelListing listing() {
        return new ModelListing(asked::add, () -> 0.5, () -> now);
    }

    private void pass(Duration time, ModelListing listing) {
        now += time.toNanos();
        Optional<byte[]> none = listing.next(now);
        assertThat(none).isEmpty();
    }

    private static CallResult answered(int status, String body) {
        return new CallResult.Answered(status, Map.of(), body.getBytes(UTF_8), 1);
    }
}
