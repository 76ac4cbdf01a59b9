package dev.sluice.sandbox;

/** A listener of a broker, by who connects to it. */
public enum BrokerListener {
    CLIENTS,
    /** Brokers connect to it, to replicate and to end transactions. */
    INTERNAL,
    /** Brokers and controllers connect to it. */
    CONTROLLER;

    /** Tells whether only other processes of the cluster connect to it. */
    public boolean isBetweenBrokers() {
        return this != CLIENTS;
    }
}
