package dev.sluice.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.pool.WorkerReport;
import dev.sluice.worker.pool.WorkerReportJson;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WorkerHealthTest {
    @Test
    void lanesThatOtherWorkersHoldAreNamedWithTheirCause() {
        assertThat(WorkerHealth.heldByOthers(Map.of(
                        "a", report("m", "held", "402"),
                        "b", report("m", "flowing", ""),
                        "c", report("n", "limited", ""),
                        "d", report("", "open", "timeout"))))
                .containsExactly(
                        "models that share a lane are held by worker d: timeout", "model m is held by worker a: 402");
    }

    @Test
    void aFewOfManyWorkersAreNamed() {
        WorkerReport held = report("m", "held", "401");

        assertThat(WorkerHealth.heldByOthers(Map.of("a", held, "b", held, "c", held, "d", held, "e", held)))
                .containsExactly("model m is held by workers a, b, c and 2 more: 401");
    }

    @Test
    void whileNobodyHoldsAnythingThereIsNothingToSay() {
        assertThat(WorkerHealth.heldByOthers(Map.of())).isEmpty();
        assertThat(WorkerHealth.heldByOthers(Map.of("a", report("m", "full", ""))))
                .isEmpty();
    }

    private static WorkerReport report(String model, String state, String cause) {
        String json = "{\"v\":1,\"valid_ms\":3000,\"bundles\":1,\"width\":4,\"lanes\":[{\"model\":\"" + model
                + "\",\"state\":\"" + state + "\",\"cause\":\"" + cause + "\"}]}";
        return WorkerReportJson.decode(json.getBytes(UTF_8)).orElseThrow();
    }
}
