package dev.sluice.sandbox;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The ports of a broker's listeners.
 *
 * @param clients the port for clients
 * @param internal the port over which brokers talk to each other, and each to itself. It lets the clients' listener be
 *     secured without credentials for the brokers.
 * @param controller the port of the controller in the same process
 */
record ListenerPorts(int clients, int internal, int controller) {
    private static final int LISTENERS = 3;

    /**
     * Chooses free ports.
     *
     * @param clients the port for clients, or 0 for a free one
     * @param taken ports that are not to be chosen
     */
    static ListenerPorts free(int clients, Collection<Integer> taken) {
        Set<Integer> ports = new LinkedHashSet<>();
        ports.add(clients == 0 ? free(taken) : clients);
        while (ports.size() < LISTENERS) {
            ports.add(free(taken));
        }
        List<Integer> distinct = List.copyOf(ports);
        return new ListenerPorts(distinct.get(0), distinct.get(1), distinct.get(2));
    }

    private static int free(Collection<Integer> taken) {
        int port = LoopbackPorts.free();
        while (taken.contains(port)) {
            port = LoopbackPorts.free();
        }
        return port;
    }

    List<Integer> all() {
        return List.of(clients, internal, controller);
    }
}
