package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.wire.ContentHash;
import org.jspecify.annotations.Nullable;

/**
 * The sender of a request, as far as the door knows it.
 *
 * @param name the name of the caller's key; empty where no key is asked for
 * @param tenant the tenant of the key, or null for none
 * @param isExpress true if the caller's requests go before the backlog of their model
 * @param allowance what the caller may have at once and per second
 */
record Caller(String name, @Nullable String tenant, boolean isExpress, CallerAllowance allowance) {
    /** Returns the owner of the caller's files and batches. Keys that replace each other have one name and tenant. */
    String owner() {
        return ContentHash.of(null, (name + '\n' + tenant).getBytes(UTF_8));
    }

    /** Returns true if the other has the same rights and bounds, whatever it has used of them. */
    boolean mayDoSameAs(Caller other) {
        return owner().equals(other.owner()) && isExpress == other.isExpress && allowance.hasBoundsOf(other.allowance);
    }

    /** Returns a caller without a key. */
    static Caller anybody() {
        return new Caller("", null, false, CallerAllowance.unlimited());
    }
}
