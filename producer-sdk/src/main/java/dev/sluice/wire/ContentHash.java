package dev.sluice.wire;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * What makes two requests the same to the cache: the tenant and the body, byte for byte. The SDK keys requests that may be
 * answered from a cache by it, so that the same ones meet at one worker. Stateless.
 */
public final class ContentHash {
    private ContentHash() {}

    /**
     * The SHA-256 as 64 hexadecimal digits in lower case: of the body alone where there is no tenant, else of the tenant, a
     * zero byte and the body. No tenant has a zero byte in it, and neither has any JSON.
     *
     * @param tenant the header {@link WireHeaders#TENANT} as it is; null where there is none
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
