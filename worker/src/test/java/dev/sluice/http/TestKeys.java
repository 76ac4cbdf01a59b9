package dev.sluice.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Keys with certificates that they have signed themselves, as a server's PEM files have them. */
public final class TestKeys {
    private static final char[] PASSWORD = "changeit".toCharArray();

    private final Path folder;
    private final List<String> aliases = new ArrayList<>();

    /** @param folder takes the store of the keys and the PEM files */
    public TestKeys(Path folder) {
        this.folder = folder;
    }

    /** Makes a key and a certificate for {@code localhost}. */
    public TestKeys add(String alias, String algorithm, String... more) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keystore",
                file().toString(),
                "-storepass",
                new String(PASSWORD),
                "-alias",
                alias,
                "-keyalg",
                algorithm,
                "-dname",
                "CN=localhost",
                "-ext",
                "SAN=dns:localhost"));
        command.addAll(Arrays.asList(more));
        Process made = new ProcessBuilder(command).inheritIO().start();
        assertThat(made.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(made.exitValue()).isZero();
        aliases.add(alias);
        return this;
    }

    private Path file() {
        return folder.resolve("keys.p12");
    }

    private KeyStore store() throws GeneralSecurityException, IOException {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream stored = Files.newInputStream(file())) {
            keys.load(stored, PASSWORD);
        }
        return keys;
    }

    /** Writes a certificate and its key over the PEM files. */
    public TlsFiles write(String alias) throws GeneralSecurityException, IOException {
        return new TlsFiles(
                Files.writeString(
                        folder.resolve("tls.crt"),
                        pem("CERTIFICATE", store().getCertificate(alias).getEncoded())),
                Files.writeString(folder.resolve("tls.key"), pem("PRIVATE KEY", key(alias))));
    }

    /** Returns a private key in the form PKCS #8. */
    public byte[] key(String alias) throws GeneralSecurityException, IOException {
        return store().getKey(alias, PASSWORD).getEncoded();
    }

    /** Returns the text of a PEM file. */
    public static String pem(String type, byte[] der) {
        return "-----BEGIN " + type + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der) + "\n-----END " + type + "-----\n";
    }

    public BigInteger serial(String alias) throws GeneralSecurityException, IOException {
        return ((X509Certificate) store().getCertificate(alias)).getSerialNumber();
    }

    /** Returns what a client needs that trusts all of these certificates. */
    public SSLContext trusting() throws GeneralSecurityException, IOException {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        for (String alias : aliases) {
            trusted.setCertificateEntry(alias, store().getCertificate(alias));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }
}
