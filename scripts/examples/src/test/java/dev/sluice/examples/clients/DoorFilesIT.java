package dev.sluice.examples.clients;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.HttpResponse;
import com.openai.errors.NotFoundException;
import com.openai.models.files.FileCreateParams;
import com.openai.models.files.FileListParams;
import com.openai.models.files.FileObject;
import com.openai.models.files.FilePurpose;
import dev.sluice.examples.SharedQueue;
import java.io.ByteArrayInputStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Has OpenAI's own clients store files in the packaged door. A test is skipped where its client is not installed. */
@Timeout(120)
@ExtendWith(SharedQueue.class)
class DoorFilesIT {
    private static final Map<String, String> EXPECTED = Map.of(
            "status", "processed",
            "content", "{\"custom_id\":\"h\u00e9\"}",
            "pages", "3 newest first",
            "deleted", "true",
            "gone", "NotFoundError 404 file_not_found",
            "left", "0");

    @Test
    void nodeStoresFiles(RunningDoor door) throws Exception {
        check(ScriptClient.node("openai", door.queue().folder(), "files.mjs"), door);
    }

    @Test
    void pythonStoresFiles(RunningDoor door) throws Exception {
        check(ScriptClient.python(door.queue().folder(), "files.py"), door);
    }

    private static void check(Optional<ScriptClient> client, RunningDoor door) throws Exception {
        if (client.isEmpty()) {
            System.out.println("Skipped in DoorFilesIT: OpenAI's client is not installed; see .ci/run");
            abort("not installed");
        }
        String arguments = "{\"baseUrl\":\"" + door.baseUrl() + "\",\"key\":\"" + RunningDoor.FILES_KEY + "\"}";

        assertThat(client.orElseThrow().run(arguments)).isEqualTo(EXPECTED);
    }

    /** This client sends a file without a name when it is given bytes. */
    @Test
    void javaStoresFiles(RunningDoor door) throws Exception {
        OpenAIClient client = OpenAIOkHttpClient.builder()
                .baseUrl(door.baseUrl())
                .apiKey(RunningDoor.KEY)
                .build();
        String lines = "{\"custom_id\":\"h\u00e9\"}\n".repeat(10_000);
        byte[] bytes = lines.getBytes(UTF_8);

        FileObject first = client.files()
                .create(FileCreateParams.builder()
                        .file(bytes)
                        .purpose(FilePurpose.BATCH)
                        .build());
        FileObject second = client.files()
                .create(FileCreateParams.builder()
                        .file(new ByteArrayInputStream(bytes))
                        .purpose(FilePurpose.BATCH)
                        .build());

        assertThat(first.bytes()).isEqualTo(bytes.length);
        assertThat(client.files().retrieve(second.id())).isEqualTo(second);
        try (HttpResponse content = client.files().content(first.id())) {
            assertThat(content.body().readAllBytes()).isEqualTo(bytes);
        }
        assertThat(client.files()
                        .list(FileListParams.builder().limit(1).build())
                        .autoPager())
                .containsExactly(second, first);
        for (FileObject each : List.of(first, second)) {
            assertThat(client.files().delete(each.id()).deleted()).isTrue();
        }
        assertThat(client.files().list().autoPager()).isEmpty();
        try {
            client.files().retrieve(first.id());
            throw new AssertionError("a deleted file was found");
        } catch (NotFoundException e) {
            assertThat(e.code()).contains("file_not_found");
        } finally {
            client.close();
        }
    }
}
