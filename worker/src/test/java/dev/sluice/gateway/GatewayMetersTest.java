package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.files.BatchOrder;
import dev.sluice.gateway.files.BatchStore;
import dev.sluice.gateway.files.BatchWatch;
import dev.sluice.gateway.files.FileDraft;
import dev.sluice.gateway.files.FileStore;
import dev.sluice.gateway.files.FilesConfig;
import dev.sluice.gateway.files.TestForm;
import dev.sluice.worker.observe.ProcessPage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests what an operator sees of a door with batches, on its page of metrics and as warnings. */
class GatewayMetersTest {
    private static final Pattern NAME = Pattern.compile("\\bsluice_gateway_[a-z_]+");

    @TempDir
    private Path root;

    private final TestDoor.SetWorkers workers = new TestDoor.SetWorkers();
    private FilesConfig config;
    private BatchStore store;
    private BatchWatch watch;
    private long nanos;

    @BeforeEach
    void open() throws IOException {
        config = new FilesConfig(root, 100, 10_000);
        store = new BatchStore(config, Clock.systemUTC(), new SecureRandom());
        watch = new BatchWatch(store, () -> nanos);
    }

    private void create() throws IOException {
        FileStore files = new FileStore(config, Clock.systemUTC(), new SecureRandom());
        try (FileDraft draft = files.begin("0a", TestForm.CONTENT_TYPE)) {
            draft.write(TestForm.batch(new byte[1]).end());
            String input = draft.publish().id();
            store.create("0a", new BatchOrder(input, "24h", 86_400, 86_400, Optional.empty(), Map.of()));
        }
    }

    private String page() {
        try (ProcessPage page = new ProcessPage("test")) {
            GatewayMeters meters = new GatewayMeters(page.registry(), workers, Optional.of(watch));
            meters.ended("chat", 200, "ok", 1);
            return new String(page.text(), UTF_8);
        }
    }

    @Test
    void aBatchThatStandsStillIsShown() throws Exception {
        create();
        watch.look();
        nanos += Duration.ofMinutes(20).toNanos();

        assertThat(page())
                .contains(
                        "\nsluice_gateway_open_batches{status=\"validating\"} 1.0\n",
                        "\nsluice_gateway_open_batches{status=\"in_progress\"} 0.0\n",
                        "\nsluice_gateway_batch_stall_seconds 1200.0\n")
                .doesNotContain("completed");
    }

    @ParameterizedTest
    @ValueSource(strings = {"alerts.yaml", "grafana/sluice.json"})
    void alertsAndDashboardNameWhatIsThere(String file) throws Exception {
        Set<String> named = NAME.matcher(Files.readString(Path.of("../scripts/observe", file)))
                .results()
                .map(MatchResult::group)
                .collect(Collectors.toSet());

        assertThat(named).isNotEmpty();
        assertThat(page().lines().map(line -> line.replaceFirst("[{ ].*", ""))).containsAll(named);
    }

    @Test
    void whatStandsStillIsAWarning() throws Exception {
        DoorWarnings warnings = new DoorWarnings(workers, Optional.of(watch));
        create();
        watch.look();
        nanos += Duration.ofMinutes(15).toNanos();
        assertThat(warnings.get()).isEmpty();

        nanos += Duration.ofMinutes(1).toNanos();
        assertThat(warnings.get())
                .singleElement()
                .satisfies(each -> assertThat(each).contains("a batch has not moved for 16 minutes"));

        workers.alive = OptionalInt.of(0);
        Files.delete(root.resolve("sluice-files"));
        watch.look();
        assertThat(warnings.get())
                .hasSize(3)
                .anySatisfy(each -> assertThat(each).contains("the directory of files cannot be read"))
                .anySatisfy(each -> assertThat(each).contains("no worker is alive"));
    }
}
