package dev.sluice.examples.clients;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Runs nginx in front of a door, with its defaults but for one address whose patience is a second. */
final class NginxProcess implements AutoCloseable {
    private final Process process;
    private final int port;

    private NginxProcess(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts nginx and returns when it listens. Empty if it is not installed. */
    static Optional<NginxProcess> start(Path folder, int doorPort) throws IOException {
        int port = freePort();
        Path configuration = Files.writeString(folder.resolve("nginx.conf"), configuration(port, doorPort));
        Process process;
        try {
            process = new ProcessBuilder(
                            List.of("nginx", "-p", folder.toString(), "-c", configuration.toString(), "-e", "stderr"))
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("nginx.log").toFile())
                    .start();
        } catch (IOException notInstalled) {
            return Optional.empty();
        }
        await("nginx listens").atMost(Duration.ofSeconds(20)).until(() -> listens(port));
        return Optional.of(new NginxProcess(process, port));
    }

    private static String configuration(int port, int doorPort) {
        return """
                daemon off;
                master_process off;
                pid nginx.pid;
                events {}
                http {
                  access_log off;
                  client_body_temp_path body;
                  proxy_temp_path proxy;
                  fastcgi_temp_path fastcgi;
                  uwsgi_temp_path uwsgi;
                  scgi_temp_path scgi;
                  server {
                    listen 127.0.0.1:%1$d;
                    location / { proxy_pass http://127.0.0.1:%2$d; }
                    location /impatient/ { proxy_pass http://127.0.0.1:%2$d/; proxy_read_timeout 1s; }
                  }
                }
                """.formatted(port, doorPort);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static boolean listens(int port) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException notYet) {
            return false;
        }
    }

    /** Returns the address of the door behind nginx with its defaults. */
    String baseUrl() {
        return "http://localhost:" + port + "/v1";
    }

    /** Returns the address of the door behind an nginx that waits for a second. */
    String impatientUrl() {
        return "http://localhost:" + port + "/impatient/v1";
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
