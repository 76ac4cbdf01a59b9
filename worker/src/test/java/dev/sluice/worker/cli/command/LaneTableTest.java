package dev.sluice.worker.cli.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.pool.BudgetReport;
import dev.sluice.worker.pool.LaneReport;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.OptionalDouble;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LaneTableTest {
    @ParameterizedTest
    @CsvSource({
        "1234.4, '1,234'",
        "40, 40",
        "0.5, 0.5",
        "0.15, 0.15",
        "0.0333333, 2/min",
        "0.0277778, 100/h",
        "0.000578704, 50/day",
        "0.0000115741, 1/day",
        "0.00058, 50.11/day"
    })
    void aSlowLimitIsShownInTheTimeInWhichItIsAWholeNumber(double perSecond, String shown) {
        BudgetReport requests = new BudgetReport(OptionalDouble.of(perSecond), BudgetReport.Source.TOLD, 0.5, 1);

        assertThat(print(new LaneReport("m", "limited", "", 3, 1, requests, BudgetReport.NONE)))
                .containsPattern(" 0\\.5 +" + shown + " +told");
    }

    private static String print(LaneReport lane) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        LaneTable table = new LaneTable();
        table.add(lane);
        table.print(new PrintStream(out, true, UTF_8));
        return out.toString(UTF_8);
    }
}
