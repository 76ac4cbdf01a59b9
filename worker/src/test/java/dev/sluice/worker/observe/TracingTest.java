package dev.sluice.worker.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.Requests;
import dev.sluice.worker.call.CallResult;
import dev.sluice.worker.outcome.Outcome;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TracingTest {
    private static final String TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    @Test
    void withoutAnSdkTheApiIsSentWhatTheProducerSent() {
        Requests request =
                Requests.ofModel("m").withHeader("traceparent", TRACE).withHeader("tracestate", "vendor=1");

        assertThat(without().begins(request.build()).headers())
                .containsExactlyInAnyOrderEntriesOf(Map.of("traceparent", TRACE, "tracestate", "vendor=1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a\r\nx-smuggled: 1", "a\n", "\u0000", "é", "00-0-0-01"})
    void whatIsNoTraceIsNotSent(String malformed) {
        Requests request = Requests.ofModel("m").withHeader("traceparent", malformed);

        assertThat(without().begins(request.build()).headers()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\r\nx-smuggled: 1", "é", "\u0000=1"})
    void norIsAStateThatIsNone(String malformed) {
        Requests request =
                Requests.ofModel("m").withHeader("traceparent", TRACE).withHeader("tracestate", malformed);

        assertThat(without().begins(request.build()).headers()).isEqualTo(Map.of("traceparent", TRACE));
    }

    @Test
    void aRequestWithoutATraceBeginsOneWithItsCall() {
        InMemorySpanExporter spans = InMemorySpanExporter.create();
        try (SdkTracerProvider provider = SdkTracerProvider.builder()
                        .addSpanProcessor(SimpleSpanProcessor.create(spans))
                        .build();
                OpenTelemetrySdk sdk =
                        OpenTelemetrySdk.builder().setTracerProvider(provider).build()) {
            Tracing tracing = new Tracing(sdk, Clock.systemUTC());
            Requests request = Requests.ofModel("m");

            TracedCall call = tracing.begins(request.build());
            call.ended(new CallResult.Cancelled(1), Optional.empty());
            tracing.committed(request.input(), new Outcome.Reply(200, new byte[0], 1), 0);

            assertThat(spans.getFinishedSpanItems())
                    .extracting(SpanData::getName)
                    .containsExactly("chat m");
            assertThat(call.headers()).containsOnlyKeys("traceparent");
        }
    }

    /** The current span becomes the parent of the spans that an agent makes of the HTTP client. */
    @Test
    void theCallStartsWithItsSpanAsTheCurrentOne() {
        try (SdkTracerProvider provider = SdkTracerProvider.builder().build();
                OpenTelemetrySdk sdk =
                        OpenTelemetrySdk.builder().setTracerProvider(provider).build()) {
            TracedCall call = new Tracing(sdk, Clock.systemUTC())
                    .begins(Requests.ofModel("m")
                            .withHeader("traceparent", TRACE)
                            .build());
            List<SpanContext> current = new ArrayList<>();

            call.start(() -> current.add(Span.current().getSpanContext()));

            assertThat(current)
                    .extracting(span -> "00-" + span.getTraceId() + "-" + span.getSpanId() + "-01")
                    .containsExactly(call.headers().get("traceparent"));
            assertThat(Span.current().getSpanContext().isValid()).isFalse();
        }
    }

    @Test
    void whatIsOfNoRequestIsNotKept() {
        InMemorySpanExporter spans = InMemorySpanExporter.create();
        try (SdkTracerProvider provider = SdkTracerProvider.builder()
                .addSpanProcessor(SimpleSpanProcessor.create(spans))
                .build()) {
            Tracing.untraced(() ->
                    provider.get("an agent").spanBuilder("POST").startSpan().end());
            provider.get("an agent").spanBuilder("seen").startSpan().end();

            assertThat(spans.getFinishedSpanItems())
                    .extracting(SpanData::getName)
                    .containsExactly("seen");
        }
    }

    private static Tracing without() {
        return new Tracing(OpenTelemetry.noop(), Clock.systemUTC());
    }
}
