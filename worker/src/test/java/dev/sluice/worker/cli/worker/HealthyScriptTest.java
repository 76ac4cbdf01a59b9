package dev.sluice.worker.cli.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs the health check of the image against servers that answer as worker, door and console do. */
@Timeout(60)
class HealthyScriptTest {
    private static final Path SCRIPT = Path.of("healthy").toAbsolutePath();
    private static final String TLS_ALERT = "\u0015\u0003\u0001\u0002\u0002\n";

    @ParameterizedTest
    @CsvSource({
        "SLUICE_ADMIN_PORT, HTTP/1.1 200 OK, 0",
        "SLUICE_ADMIN_PORT, HTTP/1.1 503 Service Unavailable, 1",
        "SLUICE_PORT, HTTP/1.0 200 OK, 0",
        "SLUICE_PORT, HTTP/1.0 503 Service Unavailable, 1",
        "SLUICE_PORT, HTTP/1.1 500 Internal Server Error, 1",
        "SLUICE_PORT, HTTP/1.1 401 Unauthorized, 0",
        "SLUICE_PORT, HTTP/1.1 404 Not Found, 0"
    })
    void theStatusOfTheFirstPortThatListensDecides(String variable, String statusLine, int exitCode) throws Exception {
        assertThat(exitCode(variable, statusLine + "\r\n\r\n", Map.of())).isEqualTo(exitCode);
    }

    @Test
    void whatSpeaksTlsIsHealthyIfItWasToldTo() throws Exception {
        assertThat(exitCode("SLUICE_PORT", TLS_ALERT, Map.of("SLUICE_TLS_CERT", "cert.pem")))
                .isZero();
        assertThat(exitCode("SLUICE_PORT", TLS_ALERT, Map.of())).isEqualTo(1);
    }

    private static int exitCode(String variable, String answer, Map<String, String> more)
            throws IOException, InterruptedException {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread thread = new Thread(() -> answer(server, answer));
            thread.start();
            int free = closed.getLocalPort();
            closed.close();
            ProcessBuilder script = new ProcessBuilder("bash", SCRIPT.toString());
            script.environment().keySet().removeIf(name -> name.startsWith("SLUICE_"));
            script.environment().put("SLUICE_ADMIN_PORT", Integer.toString(free));
            script.environment().put(variable, Integer.toString(server.getLocalPort()));
            script.environment().putAll(more);
            Process process = script.inheritIO().start();
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            thread.join();
            return process.exitValue();
        }
    }

    private static void answer(ServerSocket server, String answer) {
        try (Socket client = server.accept()) {
            byte[] unused = client.getInputStream().readNBytes("GET /health/ready HTTP/1.0\r\n\r\n".length());
            client.getOutputStream().write(answer.getBytes(UTF_8));
        } catch (IOException gone) {
            throw new IllegalStateException(gone);
        }
    }
}
