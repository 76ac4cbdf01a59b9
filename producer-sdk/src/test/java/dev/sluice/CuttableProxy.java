package dev.sluice;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Stands between clients and a broker and can take the connection away from those with {@value #CLIENT} as their {@code
 * client.id}: what is open breaks, what is tried anew breaks, until {@link #mend()}. Other clients notice nothing.
 * Thread-safe.
 */
final class CuttableProxy implements AutoCloseable {
    static final String CLIENT = "cut-off";

    /** Length, key, version and correlation id, before the client's name. */
    private static final int BEFORE_CLIENT = 12;

    private final ServerSocket server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
    private final Set<Socket> theirs = ConcurrentHashMap.newKeySet();
    private volatile int brokerPort;
    private volatile boolean cut;

    CuttableProxy() throws IOException {}

    int port() {
        return server.getLocalPort();
    }

    String address() {
        return "localhost:" + port();
    }

    /** Lets clients through to this broker from now on. */
    void open(String bootstrapServers) {
        brokerPort = Integer.parseInt(bootstrapServers.substring(bootstrapServers.lastIndexOf(':') + 1));
        daemon(this::accept);
    }

    void cut() {
        cut = true;
        theirs.forEach(CuttableProxy::end);
    }

    void mend() {
        cut = false;
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                daemon(() -> connect(client));
            } catch (IOException e) {
                if (!server.isClosed()) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    private void connect(Socket client) {
        try (client;
                Socket broker = new Socket(InetAddress.getLoopbackAddress(), brokerPort)) {
            byte[] head = new DataInputStream(client.getInputStream()).readNBytes(BEFORE_CLIENT + Short.BYTES);
            if (head.length < BEFORE_CLIENT + Short.BYTES) {
                return;
            }
            int length = Math.max(0, ByteBuffer.wrap(head).getShort(BEFORE_CLIENT));
            byte[] name = client.getInputStream().readNBytes(length);
            if (new String(name, UTF_8).equals(CLIENT)) {
                theirs.add(client);
                if (cut) {
                    return;
                }
            }
            broker.getOutputStream().write(head);
            broker.getOutputStream().write(name);
            daemon(() -> copy(broker, client));
            copy(client, broker);
        } catch (IOException e) {
            // either side has broken off: so does the other one, and the client connects anew
        } finally {
            theirs.remove(client);
        }
    }

    private static void copy(Socket from, Socket to) {
        try {
            from.getInputStream().transferTo(to.getOutputStream());
        } catch (IOException e) {
            // the other direction has ended
        } finally {
            end(from);
            end(to);
        }
    }

    private static void end(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void daemon(Runnable action) {
        Thread thread = new Thread(action, "cuttable-proxy");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
