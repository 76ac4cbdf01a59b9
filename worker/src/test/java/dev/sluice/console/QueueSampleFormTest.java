package dev.sluice.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.WireForm;
import org.junit.jupiter.api.Test;

/** Pins what a console finds of the hour that one of another release has kept. */
class QueueSampleFormTest {
    @Test
    void samplesAreWrittenAndReadAsBefore() {
        QueueSample sample = new QueueSample(1_764_000_000_000L, new CallRates.PerSecond(40, 1.25, 0.5), 1_234, 5);
        WireForm form = new WireForm("queue-sample");

        form.assertWritten(sample.json());
        assertThat(form.texts())
                .isNotEmpty()
                .allSatisfy(text -> assertThat(QueueSample.parse(text)).contains(sample));
    }
}
