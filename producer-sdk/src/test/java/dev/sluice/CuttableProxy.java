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
 * Forwards connections to a broker and can cut the ones whose {@code client.id} is {@value #CLIENT}. Open connections
 * of these clients break and new ones fail until {@link #mend()}. Other clients are not affected. The class is
 * thread-safe.
 */
final class CuttableProxy implements AutoCloseable {
    static final String CLIENT = "cut-off";

    /** The bytes before the client's name: length, key, version and correlation id. */
    private static final int BYTES_BEFORE_CLIENT = 12;

    private final ServerSocket server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
    private final Set<Socket> cutClients = ConcurrentHashMap.newKeySet();
    private volatile int brokerPort;
    private volatile boolean cut;

    CuttableProxy() throws IOException {}

    int port() {
        return server.getLocalPort();
    }

    String address() {
        return "localhost:" + port();
    }

    /** Forwards connections to this broker from now on. */
    void open(String bootstrapServers) {
        brokerPort = Integer.parseInt(bootstrapServers.substring(bootstrapServers.lastIndexOf(':') + 1));
        startDaemon(this::accept);
    }

    void cut() {
        cut = true;
        cutClients.forEach(CuttableProxy::closeSocket);
    }

    void mend() {
        cut = false;
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                startDaemon(() -> connect(client));
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
            byte[] head = new DataInputStream(client.getInputStream()).readNBytes(BYTES_BEFORE_CLIENT + Short.BYTES);
            if (head.length < BYTES_BEFORE_CLIENT + Short.BYTES) {
                return;
            }
            int length = Math.max(0, ByteBuffer.wrap(head).getShort(BYTES_BEFORE_CLIENT));
            byte[] name = client.getInputStream().readNBytes(length);
            if (new String(name, UTF_8).equals(CLIENT)) {
                cutClients.add(client);
                if (cut) {
                    return;
                }
            }
            broker.getOutputStream().write(head);
            broker.getOutputStream().write(name);
            startDaemon(() -> copy(broker, client));
            copy(client, broker);
        } catch (IOException e) {
            // One side has closed its connection. The finally blocks close the other, and the client reconnects.
        } finally {
            cutClients.remove(client);
        }
    }

    private static void copy(Socket from, Socket to) {
        try {
            from.getInputStream().transferTo(to.getOutputStream());
        } catch (IOException e) {
            // The other direction has ended and closed both sockets.
        } finally {
            closeSocket(from);
            closeSocket(to);
        }
    }

    private static void closeSocket(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void startDaemon(Runnable action) {
        Thread thread = new Thread(action, "cuttable-proxy");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
