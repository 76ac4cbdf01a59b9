package dev.sluice.http;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.PemKeyCertOptions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.NoSuchElementException;
import javax.net.ssl.KeyManager;
import javax.net.ssl.X509KeyManager;

/**
 * A certificate and its key as they were read. The two belong together: files that do not are refused here, since the
 * server would take them and fail at every handshake. Immutable.
 */
public final class TlsIdentity {
    private static final byte[] PROBE = "sluice".getBytes(StandardCharsets.UTF_8);

    private final TlsFiles files;
    private final byte[] certificatePem;
    private final byte[] keyPem;
    private final X509Certificate certificate;

    /**
     * Reads both files.
     *
     * @throws IllegalArgumentException if they cannot be used. The message names the file and the remedy.
     */
    public TlsIdentity(TlsFiles files, Vertx vertx) {
        this.files = files;
        this.certificatePem = read(files.certificate());
        this.keyPem = read(files.key());
        this.certificate = certificate();
        PrivateKey key = key(vertx);
        if (!belongsTo(key)) {
            throw new IllegalArgumentException(files.key() + ": is not the key of the first certificate in "
                    + files.certificate() + "; give the two that were made together, the server's certificate first");
        }
    }

    private static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            throw new IllegalArgumentException(file + ": no such file; give a PEM file", e);
        } catch (AccessDeniedException e) {
            throw new IllegalArgumentException(file + ": no right to read it; give it to the user who runs this", e);
        } catch (IOException e) {
            throw new IllegalArgumentException(file + ": cannot be read: " + e.getMessage(), e);
        }
    }

    private X509Certificate certificate() {
        try {
            return (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(certificatePem))
                    .iterator()
                    .next();
        } catch (CertificateException | NoSuchElementException e) {
            throw new IllegalArgumentException(
                    files.certificate() + ": has no certificate; give a PEM file with the server's certificate and,"
                            + " after it, those that lead to an authority",
                    e);
        }
    }

    private PrivateKey key(Vertx vertx) {
        String text = new String(keyPem, StandardCharsets.ISO_8859_1);
        if (text.contains("ENCRYPTED")) {
            throw new IllegalArgumentException(files.key()
                    + ": the key is encrypted; decrypt it with 'openssl pkcs8 -topk8 -nocrypt -in FILE -out NEW'");
        }
        try {
            for (KeyManager manager : options().getKeyManagerFactory(vertx).getKeyManagers()) {
                if (manager instanceof X509KeyManager keys) {
                    String[] aliases =
                            keys.getServerAliases(certificate.getPublicKey().getAlgorithm(), null);
                    if (aliases != null && aliases.length > 0) {
                        return keys.getPrivateKey(aliases[0]);
                    }
                }
            }
        } catch (Exception e) { // the library's parser throws many kinds
            throw noKey(e.getMessage());
        }
        throw noKey("of no known kind");
    }

    private IllegalArgumentException noKey(String found) {
        return new IllegalArgumentException(files.key() + ": has no private key that can be used (" + found
                + "); give a PEM file with an RSA or EC key, as 'openssl pkcs8 -topk8 -nocrypt' writes it");
    }

    private boolean belongsTo(PrivateKey key) {
        try {
            Signature signature = Signature.getInstance(
                    switch (key.getAlgorithm()) {
                        case "RSA" -> "SHA256withRSA";
                        case "EC" -> "SHA256withECDSA";
                        default -> key.getAlgorithm();
                    });
            signature.initSign(key);
            signature.update(PROBE);
            byte[] signed = signature.sign();
            signature.initVerify(certificate.getPublicKey());
            signature.update(PROBE);
            return signature.verify(signed);
        } catch (GeneralSecurityException differentKinds) {
            return false;
        }
    }

    /** Returns what a server needs to show it. */
    public PemKeyCertOptions options() {
        return new PemKeyCertOptions()
                .addCertValue(Buffer.buffer(certificatePem))
                .addKeyValue(Buffer.buffer(keyPem));
    }

    /** Returns when the certificate ends. */
    Instant expires() {
        return certificate.getNotAfter().toInstant();
    }

    boolean isSameAs(TlsIdentity other) {
        return Arrays.equals(certificatePem, other.certificatePem) && Arrays.equals(keyPem, other.keyPem);
    }
}
