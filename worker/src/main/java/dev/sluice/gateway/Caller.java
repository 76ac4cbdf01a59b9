package dev.sluice.gateway;

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
    /** Returns a caller without a key. */
    static Caller anybody() {
        return new Caller("", null, false, CallerAllowance.unlimited());
    }
}
