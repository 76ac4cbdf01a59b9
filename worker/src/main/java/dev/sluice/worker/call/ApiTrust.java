package dev.sluice.worker.call;

import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.TrustOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** Says whom a call over TLS trusts: whom the JVM trusts, and the authorities of {@code --api-ca}. Stateless. */
public final class ApiTrust {
    private ApiTrust() {}

    /**
     * Reads the certificates of a PEM file.
     *
     * @throws IllegalArgumentException if there is none in it. The message says what is wrong and what to do.
     */
    public static List<X509Certificate> read(Path file) {
        try (InputStream pem = Files.newInputStream(file)) {
            List<X509Certificate> certificates = new ArrayList<>();
            CertificateFactory.getInstance("X.509")
                    .generateCertificates(pem)
                    .forEach(certificate -> certificates.add((X509Certificate) certificate));
            if (certificates.isEmpty()) {
                throw new IllegalArgumentException("no certificate in it; give a PEM file with one or more");
            }
            return certificates;
        } catch (NoSuchFileException e) {
            throw new IllegalArgumentException("no such file; give a PEM file with one or more certificates", e);
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot be read: " + e.getClass().getSimpleName(), e);
        } catch (CertificateException e) {
            throw new IllegalArgumentException("is no certificate; give a PEM file with one or more", e);
        }
    }

    static TrustOptions options(List<X509Certificate> authorities) {
        try {
            return TrustOptions.wrap(factory(authorities));
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("the JVM's trusted certificates cannot be used: " + e.getMessage(), e);
        }
    }

    private static TrustManagerFactory factory(List<X509Certificate> authorities)
            throws GeneralSecurityException, IOException {
        TrustManagerFactory ofJvm = trustManagers(null);
        if (authorities.isEmpty()) {
            return ofJvm;
        }
        KeyStore all = KeyStore.getInstance(KeyStore.getDefaultType());
        all.load(null, null);
        int count = 0;
        for (TrustManager manager : ofJvm.getTrustManagers()) {
            if (manager instanceof X509TrustManager known) {
                for (X509Certificate issuer : known.getAcceptedIssuers()) {
                    all.setCertificateEntry("authority-" + count++, issuer);
                }
            }
        }
        for (X509Certificate authority : authorities) {
            all.setCertificateEntry("authority-" + count++, authority);
        }
        return trustManagers(all);
    }

    private static TrustManagerFactory trustManagers(@Nullable KeyStore anchors) throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(anchors);
        return factory;
    }

    /** Returns the key that the JVM's own properties name for this side of a connection, null if they name none. */
    static @Nullable KeyCertOptions ownKey() {
        String file = System.getProperty("javax.net.ssl.keyStore", "");
        if (file.isEmpty() || file.equals("NONE")) {
            return null;
        }
        char[] password =
                System.getProperty("javax.net.ssl.keyStorePassword", "").toCharArray();
        try (InputStream stored = Files.newInputStream(Path.of(file))) {
            KeyStore keys =
                    KeyStore.getInstance(System.getProperty("javax.net.ssl.keyStoreType", KeyStore.getDefaultType()));
            keys.load(stored, password);
            KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(keys, password);
            return KeyCertOptions.wrap(factory);
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("-Djavax.net.ssl.keyStore cannot be used: " + file, e);
        }
    }
}
