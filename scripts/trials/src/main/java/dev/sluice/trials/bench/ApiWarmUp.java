package dev.sluice.trials.bench;

import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Lets the JVM compile the stand-in before a run is measured, with calls to another instance. A busy API does not have
 * to get up to speed on our first calls. A cold stand-in accepts calls late, and then many at once.
 */
final class ApiWarmUp {
    private static final int ROUNDS = 150;
    private static final int AT_ONCE = 32;

    private ApiWarmUp() {}

    /** Takes some seconds the first time in a process. */
    static void run() throws IOException {
        try (TogetherStandIn other = TogetherStandIn.start(StandInSettings.DEFAULT)) {
            HttpClient client =
                    HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
            HttpRequest request = HttpRequest.newBuilder(URI.create(other.baseUrl() + "/chat/completions"))
                    .header("Authorization", "Bearer warm")
                    .header("Content-Type", "application/json")
                    .POST(BodyPublishers.ofString(RequestBodies.anonymous()))
                    .build();
            for (int round = 0; round < ROUNDS; round++) {
                List<CompletableFuture<HttpResponse<Void>>> sent = new ArrayList<>();
                for (int i = 0; i < AT_ONCE; i++) {
                    sent.add(client.sendAsync(request, BodyHandlers.discarding()));
                }
                sent.forEach(CompletableFuture::join);
            }
        }
    }
}
