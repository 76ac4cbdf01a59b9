package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.http.TestKeys;
import dev.sluice.http.TlsFiles;
import dev.sluice.testing.InMemoryChatQueue;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class TlsTest {
    /** The bytes of PKCS #8 before those of PKCS #1, for an RSA key of 2048 bits. */
    private static final int PKCS8_HEADER = 26;

    @TempDir
    private static Path folder;

    private static TestKeys keys;

    private final InMemoryChatQueue queue = TestDoor.answering();
    private Path certificate;
    private Path key;
    private @Nullable Gateway gateway;

    @BeforeAll
    static void makeKeys() throws Exception {
        keys = new TestKeys(folder).add("old", "EC").add("other", "EC").add("new", "RSA", "-keysize", "2048");
    }

    @AfterEach
    void close() {
        if (gateway != null) {
            gateway.close();
        }
        queue.close();
    }

    private void write(String alias) throws Exception {
        TlsFiles files = keys.write(alias);
        certificate = files.certificate();
        key = files.key();
    }

    private int start() {
        gateway = Gateway.start(
                new GatewayConfig(
                        "127.0.0.1",
                        0,
                        Optional.empty(),
                        Optional.of(new TlsFiles(certificate, key)),
                        10,
                        20_000,
                        Duration.ofMinutes(1),
                        TestDoor.TIMES,
                        Optional.empty()),
                queue,
                List::of,
                new TestDoor.SetWorkers(),
                new SimpleMeterRegistry(),
                () -> new byte[0]);
        return gateway.port();
    }

    @Test
    void servesHttpsToAClientThatTrustsTheCertificate() throws Exception {
        write("old");
        int port = start();

        HttpResponse<String> answer = HttpClient.newBuilder()
                .sslContext(keys.trusting())
                .build()
                .send(
                        HttpRequest.newBuilder(URI.create("https://localhost:" + port + "/v1/chat/completions"))
                                .header("content-type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString(TestDoor.BODY))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_1_1);
        assertThat(answer.body()).contains("re m");
    }

    @Test
    void aNewCertificateIsShownAndABadOneLeavesTheLastGoodOne() throws Exception {
        write("old");
        int port = start();
        assertThat(shown(port)).isEqualTo(keys.serial("old"));

        Files.writeString(certificate, "nothing");
        await().during(Duration.ofSeconds(3))
                .atMost(Duration.ofSeconds(10))
                .until(() -> shown(port).equals(keys.serial("old")));
        write("new");

        await().atMost(Duration.ofSeconds(20)).until(() -> shown(port).equals(keys.serial("new")));
    }

    @Test
    void keysInTheFormsOfOpenSslAreRead() throws Exception {
        write("new");
        byte[] pkcs8 = keys.key("new");
        Files.writeString(key, TestKeys.pem("RSA PRIVATE KEY", Arrays.copyOfRange(pkcs8, PKCS8_HEADER, pkcs8.length)));

        assertThat(shown(start())).isEqualTo(keys.serial("new"));
    }

    @Test
    void filesThatCannotBeUsedAreNamedWithTheRemedy() throws Exception {
        write("old");
        Files.writeString(key, TestKeys.pem("PRIVATE KEY", keys.key("other")));
        refuses(key + ": is not the key of the first certificate in " + certificate);
        Files.writeString(key, TestKeys.pem("PRIVATE KEY", keys.key("new")));
        refuses(key + ": has no private key that can be used (private key algorithm does not match");
        write("new");
        Files.writeString(key, TestKeys.pem("ENCRYPTED PRIVATE KEY", new byte[9]));
        refuses(key + ": the key is encrypted; decrypt it with 'openssl");
        Files.writeString(key, "nothing");
        refuses(key + ": has no private key that can be used");
        Files.writeString(certificate, "nothing");
        refuses(certificate + ": has no certificate");
        Files.delete(certificate);
        refuses(certificate + ": no such file");
    }

    private void refuses(String words) {
        assertThatThrownBy(this::start)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(words);
    }

    /** Returns the serial number of the certificate that a new connection is shown. */
    private static BigInteger shown(int port) throws Exception {
        try (SSLSocket socket = (SSLSocket) keys.trusting().getSocketFactory().createSocket("localhost", port)) {
            socket.startHandshake();
            return ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSerialNumber();
        }
    }
}
