package dev.sluice.worker.call;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.worker.Requests;
import dev.sluice.worker.call.CallResult.Answered;
import dev.sluice.worker.call.CallResult.Failed;
import dev.sluice.worker.pieces.PieceStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Calls a server whose certificate comes from an authority that no JVM knows, as a company's own does. */
@Timeout(60)
class ApiTrustTest {
    private static final String PASSWORD = "changeit";

    @TempDir
    private static Path folder;

    private static Path authority;
    private static Path keys;
    private static SSLContext serverContext;

    private final BlockingQueue<CallResult> results = new LinkedBlockingQueue<>();

    @BeforeAll
    static void makeCertificates() throws Exception {
        keys = folder.resolve("keys.p12");
        authority = folder.resolve("ca.pem");
        Path request = folder.resolve("server.csr");
        Path signed = folder.resolve("server.pem");
        keytool(keys, "-genkeypair", "-alias", "ca", "-keyalg", "EC", "-dname", "CN=Our CA", "-ext", "bc:c");
        keytool(keys, "-genkeypair", "-alias", "server", "-keyalg", "EC", "-dname", "CN=localhost");
        keytool(keys, "-certreq", "-alias", "server", "-file", request.toString());
        keytool(
                keys,
                "-gencert",
                "-alias",
                "ca",
                "-ext",
                "san=dns:localhost",
                "-rfc",
                "-infile",
                request.toString(),
                "-outfile",
                signed.toString());
        keytool(keys, "-exportcert", "-alias", "ca", "-rfc", "-file", authority.toString());
        keytool(keys, "-importcert", "-alias", "server", "-noprompt", "-file", signed.toString());
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(keys)) {
            store.load(in, PASSWORD.toCharArray());
        }
        KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(store, PASSWORD.toCharArray());
        serverContext = SSLContext.getInstance("TLS");
        TrustManagerFactory trusted = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trusted.init(store);
        serverContext.init(own.getKeyManagers(), trusted.getTrustManagers(), null);
    }

    private static void keytool(Path keys, String... arguments) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        command.addAll(Arrays.asList(arguments));
        command.addAll(List.of("-keystore", keys.toString(), "-storetype", "PKCS12", "-storepass", PASSWORD));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
    }

    @Test
    void aServerOfTheCompanysOwnAuthorityIsTrustedIfThatIsGiven() throws Exception {
        try (RawServer server = server();
                ApiClient client = client(server, "localhost", ApiTrust.read(authority))) {
            assertThat(call(client)).isInstanceOf(Answered.class);
        }
    }

    @Test
    void withoutItsAuthorityTheServerIsNotTrusted() throws Exception {
        try (RawServer server = server();
                ApiClient client = client(server, "localhost", List.of())) {
            Failed failed = (Failed) call(client);

            assertThat(failed.error()).isEqualTo("connection");
            assertThat(failed.message()).startsWith("PKIX path building failed");
            assertThat(failed.mayHaveCost()).isFalse();
        }
    }

    @Test
    void aCertificateForAnotherNameIsNotTrusted() throws Exception {
        try (RawServer server = server();
                ApiClient client = client(server, "127.0.0.1", ApiTrust.read(authority))) {
            Failed failed = (Failed) call(client);

            assertThat(failed.message()).contains("127.0.0.1");
            assertThat(failed.mayHaveCost()).isFalse();
        }
    }

    @Test
    void aGatewayThatWantsACertificateGetsTheOneThatTheJvmIsGiven() throws Exception {
        SSLServerSocket socket =
                (SSLServerSocket) serverContext.getServerSocketFactory().createServerSocket();
        socket.setNeedClientAuth(true);
        try (RawServer server = server(socket)) {
            try (ApiClient client = client(server, "localhost", ApiTrust.read(authority))) {
                assertThat(call(client)).isInstanceOf(Failed.class);
            }
            System.setProperty("javax.net.ssl.keyStore", keys.toString());
            System.setProperty("javax.net.ssl.keyStorePassword", PASSWORD);
            try (ApiClient client = client(server, "localhost", ApiTrust.read(authority))) {
                assertThat(call(client)).isInstanceOf(Answered.class);
            } finally {
                System.clearProperty("javax.net.ssl.keyStore");
                System.clearProperty("javax.net.ssl.keyStorePassword");
            }
        }
    }

    @Test
    void aServerWithoutTlsIsNamed() throws Exception {
        try (RawServer server = new RawServer(connection -> connection.write("HTTP/1.1 400 Bad Request\r\n\r\n"));
                ApiClient client = client(server, "localhost", List.of())) {
            Failed failed = (Failed) call(client);

            assertThat(failed.message()).contains("SSL");
            assertThat(failed.mayHaveCost()).isFalse();
        }
    }

    @Test
    void aFileMayHoldSeveralCertificatesAndWords() throws Exception {
        String pem = Files.readString(authority);
        Path two = Files.writeString(folder.resolve("two.pem"), "# ours\n" + pem + "\n# theirs\n" + pem);

        assertThat(ApiTrust.read(two)).hasSize(2);
    }

    @Test
    void aFileWithoutACertificateIsRefused() throws IOException {
        Path empty = Files.writeString(folder.resolve("empty.pem"), "");
        Path words = Files.writeString(folder.resolve("words.pem"), "-----BEGIN CERTIFICATE-----\nnone\n");

        for (Path file : List.of(folder.resolve("missing.pem"), empty, words, folder)) {
            assertThatThrownBy(() -> ApiTrust.read(file))
                    .as(file.toString())
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static RawServer server() throws IOException {
        return server(serverContext.getServerSocketFactory().createServerSocket());
    }

    private static RawServer server(ServerSocket unbound) throws IOException {
        return new RawServer(unbound, connection -> {
            while (connection.read().isPresent()) {
                connection.answer("{\"choices\":[]}");
            }
        });
    }

    private static ApiClient client(RawServer server, String host, List<X509Certificate> authorities) {
        return new ApiClient(
                new ApiClient.Target(
                        URI.create("https://" + host + ":" + server.port() + "/v1"), Optional.empty(), authorities),
                () -> "sk-test",
                new ApiClient.Bounds(Duration.ofSeconds(30), 10, 100_000, 1 << 20),
                death -> {
                    throw new AssertionError(death);
                });
    }

    private CallResult call(ApiClient client) throws InterruptedException {
        client.call(
                Requests.ofModel("m").build(),
                Map.of(),
                PieceStream.NONE,
                () -> {},
                StreamProgress.NONE,
                (request, result) -> results.add(result));
        CallResult result = results.poll(30, TimeUnit.SECONDS);
        assertThat(result).as("a call's end").isNotNull();
        return result;
    }
}
