package dev.sluice.worker.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Reason;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.LogLines;
import dev.sluice.worker.Requests;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.outcome.Outcome;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class RequestLogTest {
    private final RequestLog requests = new RequestLog();

    @Test
    void saysHowEachRequestHasEnded() {
        InputRecord input = Requests.ofModel("m")
                .at(7)
                .counted(1, 2)
                .withHeader(WireHeaders.TENANT, "team\u001b[2J\na")
                .input();
        long known = input.waitsSince() + 250;

        try (LogLines lines = new LogLines(RequestLog.class)) {
            requests.committed(input, new Outcome.Reply(200, body("secret"), 42), known);
            requests.committed(
                    input, new Outcome.DeadLetter(Reason.REJECTED, OptionalInt.of(422), "secret", 2, "422", 11), known);

            assertThat(lines.all()).hasSize(2).noneMatch(line -> line.contains("secret") || line.contains("\n"));
            assertThat(lines.all().get(0))
                    .startsWith("INFO Request ended id=\"" + input.id() + "\" record=\"" + input + "\" tenant=")
                    .endsWith("status=\"ok\" httpStatus=\"200\" attempts=\"1\" deferrals=\"2\""
                            + " callMs=\"42\" totalMs=\"250\"");
            assertThat(lines.all().get(1))
                    .endsWith("status=\"failed\" reason=\"rejected\" httpStatus=\"422\" attempts=\"2\" deferrals=\"2\""
                            + " callMs=\"11\" totalMs=\"250\"");
        }
    }

    @Test
    void saysNothingOfOneThatGoesOn() {
        try (LogLines lines = new LogLines(RequestLog.class)) {
            InputRecord input = Requests.ofModel("m").input();
            requests.committed(input, new Outcome.Requeue(Optional.empty(), 0, 1, 0, "500"), 0);

            assertThat(lines.all()).isEmpty();
        }
    }

    private static byte[] body(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
