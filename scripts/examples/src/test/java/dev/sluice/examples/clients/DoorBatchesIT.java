package dev.sluice.examples.clients;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.HttpResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.models.batches.Batch;
import com.openai.models.batches.BatchCreateParams;
import com.openai.models.batches.BatchListParams;
import com.openai.models.files.FileCreateParams;
import com.openai.models.files.FilePurpose;
import dev.sluice.examples.SharedQueue;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.json.JsonMapper;

/** Has OpenAI's own clients run batches at the packaged door. A test is skipped where its client is not installed. */
@Timeout(180)
@ExtendWith(SharedQueue.class)
class DoorBatchesIT {
    private static final Map<String, String> EXPECTED = Map.of(
            "created", "batch validating",
            "ended", "completed 2+1",
            "answers", "a 200,b 200",
            "text", "You said: line a",
            "errors", "bad 400",
            "listed", "third,second,first",
            "late", "BadRequestError 400 batch_not_cancellable",
            "foreign", "NotFoundError 404 batch_not_found");

    @Test
    void nodeRunsBatches(RunningDoor door) throws Exception {
        check("node", ScriptClient.node("openai", door.queue().folder(), "batches.mjs"), door);
    }

    @Test
    void pythonRunsBatches(RunningDoor door) throws Exception {
        check("python", ScriptClient.python(door.queue().folder(), "batches.py"), door);
    }

    private static void check(String name, Optional<ScriptClient> client, RunningDoor door) throws Exception {
        if (client.isEmpty()) {
            System.out.println("Skipped in DoorBatchesIT: OpenAI's client is not installed; see .ci/run");
            abort("not installed");
        }
        String arguments = JsonMapper.shared()
                .writeValueAsString(Map.of(
                        "baseUrl", door.baseUrl(),
                        "key", RunningDoor.batchesKey(name),
                        "otherKey", RunningDoor.KEY,
                        "lines", lines()));

        assertThat(client.orElseThrow().run(arguments)).isEqualTo(EXPECTED);
    }

    private static String lines() {
        return line("a", "line a") + line("bad", "[stand-in: status=400] line bad") + line("b", "line b");
    }

    private static String line(String customId, String text) {
        return "{\"custom_id\":\"" + customId + "\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":"
                + "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}}\n";
    }

    /** This client goes on listing until a page is empty, whatever a page says of more. */
    @Test
    void javaRunsBatches(RunningDoor door) throws Exception {
        OpenAIClient client = client(door, RunningDoor.batchesKey("java"));
        OpenAIClient other = client(door, RunningDoor.KEY);
        try {
            String input = client.files()
                    .create(FileCreateParams.builder()
                            .file(lines().getBytes(UTF_8))
                            .purpose(FilePurpose.BATCH)
                            .build())
                    .id();
            List<String> ids = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                ids.add(0, create(client, input).id());
            }
            Batch batch = ended(client, ids.get(0));

            assertThat(batch.status()).isEqualTo(Batch.Status.COMPLETED);
            assertThat(batch.isValid()).isTrue();
            assertThat(batch.requestCounts().orElseThrow().completed()).isEqualTo(2);
            assertThat(batch.model()).contains("m");
            assertThat(batch.usage().orElseThrow().totalTokens()).isPositive();
            assertThat(content(client, batch.outputFileId().orElseThrow())).contains("You said: line a", "line b");
            assertThat(content(client, batch.errorFileId().orElseThrow())).contains("\"status_code\":400");
            assertThat(client.batches()
                            .list(BatchListParams.builder().limit(1).build())
                            .autoPager())
                    .extracting(Batch::id)
                    .containsExactlyElementsOf(ids);
            for (String id : ids) {
                ended(client, id);
            }
            assertThat(failure(() -> client.batches().cancel(ids.get(0)))).isInstanceOf(BadRequestException.class);
            assertThat(failure(() -> other.batches().retrieve(ids.get(0)))).isInstanceOf(NotFoundException.class);
        } finally {
            client.close();
            other.close();
        }
    }

    private static OpenAIClient client(RunningDoor door, String key) {
        return OpenAIOkHttpClient.builder()
                .baseUrl(door.baseUrl())
                .apiKey(key)
                .maxRetries(0)
                .build();
    }

    private static Batch create(OpenAIClient client, String input) {
        return client.batches()
                .create(BatchCreateParams.builder()
                        .inputFileId(input)
                        .endpoint(BatchCreateParams.Endpoint.V1_CHAT_COMPLETIONS)
                        .completionWindow(BatchCreateParams.CompletionWindow._24H)
                        .build());
    }

    private static Batch ended(OpenAIClient client, String id) {
        return await().atMost(Duration.ofMinutes(1))
                .until(
                        () -> client.batches().retrieve(id),
                        batch -> batch.completedAt().isPresent());
    }

    private static String content(OpenAIClient client, String file) throws IOException {
        try (HttpResponse content = client.files().content(file)) {
            return new String(content.body().readAllBytes(), UTF_8);
        }
    }

    private static Throwable failure(Runnable call) {
        try {
            call.run();
        } catch (RuntimeException e) {
            return e;
        }
        throw new AssertionError("it has not failed");
    }
}
