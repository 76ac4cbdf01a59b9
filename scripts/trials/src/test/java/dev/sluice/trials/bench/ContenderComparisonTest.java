package dev.sluice.trials.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;

class ContenderComparisonTest {
    private static final String RATE = "replies/s";
    private static final String CPU = "CPU, ms";

    @Test
    void aRatioIsToTheBestFloorWhichIsTheFastestAndTheCheapest() {
        ContenderComparison comparison = comparison(Map.of(
                Contender.FLOOR, List.of(round(1_000, 1)),
                Contender.FLOOR_C1, List.of(round(800, 0.5)),
                Contender.SLUICE, List.of(round(900, 0.6))));

        assertThat(comparison.ratio(Contender.SLUICE, RATE)).hasValue(0.9);
        assertThat(comparison.ratio(Contender.SLUICE, CPU)).hasValue(1.2);
        assertThat(comparison.ratio(Contender.FLOOR, RATE)).hasValue(1);
    }

    @Test
    void everyContenderIsShownByItsMedian() {
        ContenderComparison comparison = comparison(Map.of(
                Contender.FLOOR, List.of(round(100, 1), round(300, 3), round(200, 2)),
                Contender.SLUICE, List.of(round(150, 9), round(50, 4), round(100, 5))));
        ScenarioResult result = new ScenarioResult();

        comparison.show(result);

        assertThat(result.rows())
                .containsEntry("floor", Map.of(RATE, "200 (1.00)", CPU, "2.00 (1.00)"))
                .containsEntry("sluice", Map.of(RATE, "100 (0.50)", CPU, "5.00 (2.50)"));
        assertThat(result.plot()).contains("<svg", "sluice", RATE, CPU).containsOnlyOnce("</svg>");
    }

    @Test
    void withoutAFloorThereIsNoRatio() {
        ContenderComparison comparison = comparison(Map.of(Contender.SLUICE, List.of(round(100, 1))));
        ScenarioResult result = new ScenarioResult();

        comparison.show(result);

        assertThat(comparison.ratio(Contender.SLUICE, RATE)).isEqualTo(OptionalDouble.empty());
        assertThat(result.rows()).containsEntry("sluice", Map.of(RATE, "100", CPU, "1.00"));
    }

    @Test
    void aMedianAboveItsBoundIsAMiss() {
        ContenderComparison comparison =
                comparison(Map.of(Contender.SLUICE, List.of(round(1, 4.1), round(1, 9), round(1, 2))));

        ScenarioResult met = new ScenarioResult();
        comparison.bound(met, Contender.SLUICE, CPU, 5);
        ScenarioResult missed = new ScenarioResult();
        comparison.bound(missed, Contender.SLUICE, CPU, 4);
        ScenarioResult absent = new ScenarioResult();
        comparison.bound(absent, Contender.SLUICE_C2, CPU, 0);

        assertThat(met.holds()).isTrue();
        assertThat(missed.holds()).isFalse();
        assertThat(absent.bounds()).isEmpty();
    }

    @Test
    void thePlotIsXmlEvenIfAMeasureIsAlwaysZero() throws Exception {
        String plot = ComparisonPlot.svg(comparison(Map.of(
                Contender.FLOOR, List.of(round(0, 2), round(0, 3)),
                Contender.SLUICE, List.of(round(0, 1), round(0, 4)))));

        Document svg = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(plot.getBytes(StandardCharsets.UTF_8)));
        assertThat(svg.getDocumentElement().getTagName()).isEqualTo("svg");
        assertThat(svg.getElementsByTagName("circle").getLength())
                .as("a dot for each run and measure")
                .isEqualTo(8);
        assertThat(plot).doesNotContain("NaN").contains("width=\"0.0\"");
    }

    private static ContenderComparison comparison(Map<Contender, List<Map<String, Double>>> rounds) {
        return new ContenderComparison(rounds);
    }

    private static Map<String, Double> round(double rate, double cpu) {
        Map<String, Double> round = new LinkedHashMap<>();
        round.put(RATE, rate);
        round.put(CPU, cpu);
        return round;
    }
}
