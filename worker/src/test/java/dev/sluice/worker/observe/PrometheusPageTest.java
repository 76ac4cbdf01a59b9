package dev.sluice.worker.observe;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PrometheusPageTest {
    private final PrometheusPage page = new PrometheusPage("1.2.3");

    @AfterEach
    void close() {
        page.close();
    }

    @Test
    void tellsOfTheProcessBeforeThereIsAWorker() {
        assertThat(text(""))
                .contains("sluice_build_info{", "version=\"1.2.3\"", "jvm_memory_used_bytes{", "process_cpu_usage ");
    }

    @Test
    void speaksOpenMetricsToThoseWhoAcceptIt() {
        AdminPage.Content open = page.now("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.3");

        assertThat(open.type()).startsWith("application/openmetrics-text; version=1.0.0");
        assertThat(new String(open.body(), UTF_8)).endsWith("# EOF\n");
        assertThat(text("application/vnd.google.protobuf")).startsWith("# HELP");
    }

    private String text(String accept) {
        AdminPage.Content content = page.now(accept);
        assertThat(content.type()).isEqualTo("text/plain; version=0.0.4; charset=utf-8");
        return new String(content.body(), UTF_8);
    }
}
