package dev.sluice.sandbox;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/** Finds TCP ports of this machine's loopback interface. The class is thread-safe. */
final class LoopbackPorts {

    // Below the range from which Linux (32768) and macOS (49152) take the local ports of outgoing connections. With a
    // port from that range, a client that reconnects to a stopped broker can be given the broker's own port, connect to
    // itself, and keep the broker from ever coming back.
    private static final int LOWEST = 20_000;
    private static final int BEYOND_HIGHEST = 32_000;
    private static final int TRIES = 1_000;

    private LoopbackPorts() {}

    /**
     * Returns a random port on which nothing listens at this moment. It is random so that two JVMs rarely choose the
     * same.
     */
    static int free() {
        for (int i = 0; i < TRIES; i++) {
            int port = ThreadLocalRandom.current().nextInt(LOWEST, BEYOND_HIGHEST);
            if (isFree(port)) {
                return port;
            }
        }
        throw new IllegalStateException(
                "found no free port between " + LOWEST + " and " + BEYOND_HIGHEST + " on localhost");
    }

    /** Returns true if nothing listens on {@code port} (1 to 65535) at this moment. */
    static boolean isFree(int port) {
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(InetAddress.getByName("localhost"), port));
            return true;
        } catch (IOException taken) {
            return false;
        }
    }
}
