package dev.sluice.sandbox;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/** Finds TCP ports of this machine's loopback interface. The class is thread-safe. */
final class LoopbackPorts {

    // The range ends below the local ports of outgoing connections, which start at 32768 on Linux and at 49152 on
    // macOS. With a port from there, a client that reconnects to a stopped broker can be given the broker's own port.
    // It would connect to itself and keep the broker from ever starting again.
    private static final int MIN_PORT = 20_000;
    private static final int END_PORT = 32_000;
    private static final int MAX_TRIES = 1_000;

    private LoopbackPorts() {}

    /**
     * Returns a random port on which nothing listens at this moment. It is random so that two JVMs rarely choose the
     * same.
     */
    static int free() {
        for (int i = 0; i < MAX_TRIES; i++) {
            int port = ThreadLocalRandom.current().nextInt(MIN_PORT, END_PORT);
            if (isFree(port)) {
                return port;
            }
        }
        throw new IllegalStateException(
                "found no free port between " + MIN_PORT + " and " + END_PORT + " on localhost");
    }

    /** Returns true if nothing listens on {@code port} (1 to 65535) at this moment. */
    static boolean isFree(int port) {
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(InetAddress.getByName("localhost"), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
