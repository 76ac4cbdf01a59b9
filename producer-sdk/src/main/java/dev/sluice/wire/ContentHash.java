package dev.sluice.wire;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Hashes the content by which the cache recognises equal requests: the tenant and the body, byte for byte. The SDK keys
 * cacheable requests by this hash, so that equal ones reach the same worker. The class is stateless.
 */
public final class ContentHash {
    private ContentHash() {}

    /**
     * Returns the SHA-256 as 64 lower-case hexadecimal digits. Without a tenant it covers the body alone. Otherwise it
     * covers the tenant, a zero byte and the body. The separator is unambiguous, because neither a tenant nor JSON
     * contains a zero byte.
     *
     * @param tenant the value of the header {@link WireHeaders#TENANT}, or null
     */
    public static String of(byte @Nullable [] tenant, byte[] body) {
        MessageDigest sha256 = sha256();
        if (tenant != null) {
            sha256.update(tenant);
            sha256.update((byte) 0);
        }
        return HexFormat.of().formatHex(sha256.digest(body));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
