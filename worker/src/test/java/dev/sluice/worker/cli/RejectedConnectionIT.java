package dev.sluice.worker.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.worker.PackagedJar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Checks that the packaged jar explains a connection that Kafka rejects, in one line that names the setting. */
@Timeout(120)
class RejectedConnectionIT {
    private static final String WRONG = "not-the-secret";

    @RegisterExtension
    static final KafkaExtension plain = new KafkaExtension();

    @TempDir
    private static Path folder;

    private static SecuredKafka kafka;

    @BeforeAll
    static void start() throws Exception {
        kafka = SecuredKafka.start(folder);
        kafka.addUsers(AclGrant.WORKER);
    }

    @AfterAll
    static void stop() {
        if (kafka != null) { // its start may have failed
            kafka.close();
        }
    }

    @Test
    void aWrongPasswordIsExplained() throws Exception {
        Path trusted = folder.resolve("broker.pem");

        assertRefused(
                List.of("--kafka-config=" + kafka.file(AclGrant.WORKER, WRONG, trusted)),
                "Kafka at " + kafka.servers() + " does not let us in: ",
                "check sasl.jaas.config");
    }

    @Test
    void anUntrustedCertificateIsExplained() throws Exception {
        Path another = SecuredKafka.certificate(folder, "another");

        assertRefused(
                List.of("--kafka-config="
                        + kafka.file(AclGrant.WORKER, SecuredKafka.password(AclGrant.WORKER), another)),
                "no TLS connection to Kafka at " + kafka.servers(),
                "ssl.truststore.location");
    }

    @Test
    void aPlaintextClientOfATlsListenerIsExplained() throws Exception {
        assertRefused(
                List.of("--bootstrap-servers=" + kafka.servers()),
                "did not answer within 10s to security.protocol=PLAINTEXT",
                "--kafka-config");
    }

    @Test
    void aTlsClientOfAPlaintextListenerIsExplained() throws Exception {
        assertRefused(
                List.of(
                        "--kafka-config=" + kafka.file(AclGrant.WORKER),
                        "--bootstrap-servers=" + plain.bootstrapServers()),
                "Kafka at " + plain.bootstrapServers(),
                "security.protocol");
    }

    /** Checks the worker and a client command. Both run at once, because some connections take ten seconds to fail. */
    private static void assertRefused(List<String> options, String... words) throws Exception {
        Run worker = Run.start("worker", options);
        Run status = Run.start("status", options);

        worker.assertRefused(words);
        status.assertRefused(words);
    }

    private record Run(Process process, Path out, Path err) {
        static Run start(String command, List<String> options) throws IOException {
            List<String> words = new ArrayList<>(List.of(command));
            words.addAll(options);
            Path out = Files.createTempFile(folder, command, ".out");
            Path err = Files.createTempFile(folder, command, ".err");
            ProcessBuilder builder = PackagedJar.process(List.of(), words)
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile());
            builder.environment().put("TOGETHER_API_KEY", "api-key");
            Process process = builder.start();
            process.getOutputStream().close();
            return new Run(process, out, err);
        }

        void assertRefused(String... words) throws IOException, InterruptedException {
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
            assertThat(Files.readString(err, UTF_8))
                    .contains(words)
                    .hasLineCount(1)
                    .doesNotContain("Exception", WRONG, SecuredKafka.password(AclGrant.WORKER));
            assertThat(Files.readString(out, UTF_8)).isEmpty();
            assertThat(process.waitFor()).isEqualTo(2);
        }
    }
}
