package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static dev.sluice.worker.TestQueue.header;
import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.ReceivedRequest;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.observe.Metrics;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests that one trace spans a request from its producer to its reply, across a requeue. */
class TracingIT {
    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private static final String TEXT = "traced [stand-in: status=429 times=1]";
    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static final String PRODUCER = "00f067aa0ba902b7";
    private static final String TRACEPARENT = "00-" + TRACE + "-" + PRODUCER + "-01";

    @Test
    void oneTraceHasEverythingThatBecomesOfARequest() throws Exception {
        InMemorySpanExporter spans = InMemorySpanExporter.create();
        SdkTracerProvider provider = SdkTracerProvider.builder()
                .addSpanProcessor(SimpleSpanProcessor.create(spans))
                .build();
        try (provider;
                OpenTelemetrySdk telemetry =
                        OpenTelemetrySdk.builder().setTracerProvider(provider).build();
                TestQueue queue = new TestQueue(kafka.bootstrapServers(), kafka.uniqueName("chat"));
                TogetherStandIn api = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys(TestQueue.KEY))) {
            RecordHeaders headers = new RecordHeaders();
            WireHeaders.set(headers, WireHeaders.TRACEPARENT, TRACEPARENT);
            queue.publish(body("m", TEXT), headers);

            List<ConsumerRecord<byte[], byte[]>> replies;
            try (Worker worker = Worker.start(queue.config(api.baseUrl()), Metrics.off(), telemetry)) {
                replies = queue.awaitReplies(1);
                await().atMost(Duration.ofSeconds(10))
                        .until(() -> spans.getFinishedSpanItems().size() >= 6);
            }

            assertThat(spans.getFinishedSpanItems()).allSatisfy(span -> {
                assertThat(span.getTraceId()).isEqualTo(TRACE);
                assertThat(span.getParentSpanId()).isEqualTo(PRODUCER);
                assertThat(span.getEndEpochNanos()).isGreaterThanOrEqualTo(span.getStartEpochNanos());
            });
            Map<String, List<SpanData>> byName =
                    spans.getFinishedSpanItems().stream().collect(groupingBy(SpanData::getName));
            assertThat(byName).containsOnlyKeys("wait", "chat m", "settle");
            assertThat(byName.get("wait")).hasSize(2);
            assertThat(byName.get("settle")).hasSize(2);
            List<SpanData> calls = byName.get("chat m");
            assertThat(calls).extracting(SpanData::getKind).containsOnly(SpanKind.CLIENT);
            assertThat(calls)
                    .extracting(span -> span.getStatus().getStatusCode())
                    .containsExactly(StatusCode.ERROR, StatusCode.UNSET);
            ReceivedRequest answered = api.lastRequest(TEXT).orElseThrow();
            assertThat(answered.header("traceparent"))
                    .hasValue("00-" + TRACE + "-" + calls.get(1).getSpanId() + "-01");
            assertThat(header(replies.get(0), WireHeaders.TRACEPARENT)).isEqualTo(TRACEPARENT);
        }
    }
}
