package dev.sluice.gateway;

import java.util.List;

/** Tells why a door cannot serve. Thread-safe. */
@FunctionalInterface
public interface GatewayHealth {
    /** Returns a sentence for each reason why requests cannot be served now. It does not wait for anything. */
    List<String> problems();
}
