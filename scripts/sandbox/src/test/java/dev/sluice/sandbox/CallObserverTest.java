package dev.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CallObserverTest {
    private final List<String> arrived = new CopyOnWriteArrayList<>();
    private final List<String> ended = new CopyOnWriteArrayList<>();
    private TogetherStandIn standIn;
    private StandInClient client;

    @BeforeEach
    void start() throws Exception {
        standIn = TogetherStandIn.start(StandInSettings.DEFAULT, 0, this::callArrived);
        client = new StandInClient(standIn.baseUrl());
    }

    @AfterEach
    void close() {
        standIn.close();
    }

    private CallObserver.End callArrived(ReceivedRequest request) {
        arrived.add(
                request.header("authorization").orElse("") + " " + new String(request.body(), StandardCharsets.UTF_8));
        return (status, delivered) -> ended.add(status + " " + delivered);
    }

    @Test
    void observesTheRequestAndTheDeliveredAnswer() throws Exception {
        client.call("hello");

        assertThat(arrived).containsExactly("Bearer key " + StandInClient.body("hello"));
        await().untilAsserted(() -> assertThat(ended).containsExactly("200 true"));
    }

    @Test
    void reportsACutAnswerAsNotDelivered() {
        assertThatThrownBy(() -> client.call("[stand-in: cut-body]")).isInstanceOf(IOException.class);

        await().untilAsserted(() -> assertThat(ended).containsExactly("200 false"));
    }

    @Test
    void reportsNoEndOfACallThatHangs() {
        var hanging = client.callAsync("[stand-in: hang]");
        await().untilAsserted(() -> assertThat(arrived).hasSize(1));

        standIn.close();

        await().until(hanging::isDone);
        assertThat(ended).isEmpty();
    }
}
