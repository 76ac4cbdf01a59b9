package dev.sluice.worker.call;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A server that does byte by byte what a test says, as no HTTP server would. Thread-safe. */
public final class RawServer implements Closeable {
    private static final Pattern LENGTH = Pattern.compile("(?i)\r\ncontent-length: *(\\d+)");

    private final ServerSocket server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<Socket> open = new CopyOnWriteArrayList<>();
    private final AtomicInteger accepted = new AtomicInteger();
    private final List<String> requests = new CopyOnWriteArrayList<>();

    /** Plays one connection, which ends after it. */
    @FunctionalInterface
    public interface Script {
        void play(Connection connection) throws IOException;
    }

    public RawServer(Script script) throws IOException {
        this(new ServerSocket(), script);
    }

    /** @param unbound the socket to listen with, such as one with TLS */
    RawServer(ServerSocket unbound, Script script) throws IOException {
        this(unbound, InetAddress.getLoopbackAddress(), script);
    }

    RawServer(ServerSocket unbound, InetAddress address, Script script) throws IOException {
        server = unbound;
        server.bind(new InetSocketAddress(address, 0), 1000);
        threads.execute(() -> accept(script));
    }

    private void accept(Script script) {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                open.add(socket);
                int number = accepted.incrementAndGet();
                threads.execute(() -> {
                    try (socket) {
                        script.play(new Connection(socket, number));
                    } catch (IOException e) {
                        // The client has ended the connection, as it may.
                    } finally {
                        open.remove(socket);
                    }
                });
            } catch (IOException e) {
                return;
            }
        }
    }

    public int port() {
        return server.getLocalPort();
    }

    public String baseUrl() {
        return "http://127.0.0.1:" + port() + "/v1";
    }

    public int accepted() {
        return accepted.get();
    }

    public int open() {
        return open.size();
    }

    /** Returns the whole requests so far, head and body. */
    public List<String> requests() {
        return requests;
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket socket : open) {
            socket.close();
        }
        threads.shutdownNow();
    }

    /** One accepted connection. */
    public final class Connection {
        private final Socket socket;
        private final int number;

        Connection(Socket socket, int number) {
            this.socket = socket;
            this.number = number;
        }

        /** Returns which connection of the server this is, from 1. */
        public int number() {
            return number;
        }

        /** Reads a request with its body. Empty if the client has closed the connection. */
        public Optional<String> read() throws IOException {
            InputStream in = socket.getInputStream();
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            while (!bytes.toString(ISO_8859_1).endsWith("\r\n\r\n")) {
                int next = in.read();
                if (next < 0) {
                    return Optional.empty();
                }
                bytes.write(next);
            }
            Matcher length = LENGTH.matcher(bytes.toString(ISO_8859_1));
            if (length.find()) {
                bytes.write(in.readNBytes(Integer.parseInt(length.group(1))));
            }
            requests.add(bytes.toString(ISO_8859_1));
            return Optional.of(bytes.toString(ISO_8859_1));
        }

        public void write(String text) throws IOException {
            write(text.getBytes(ISO_8859_1));
        }

        public void write(byte[] bytes) throws IOException {
            socket.getOutputStream().write(bytes);
            socket.getOutputStream().flush();
        }

        /** Writes an answer with a length. */
        public void answer(String statusAndHeaders, byte[] body) throws IOException {
            write("HTTP/1.1 " + statusAndHeaders + "\r\nContent-Length: " + body.length + "\r\n\r\n");
            write(body);
        }

        public void answer(String body) throws IOException {
            answer("200 OK", body.getBytes(ISO_8859_1));
        }

        /** Waits until the client ends the connection. */
        public void awaitEnd() throws IOException {
            while (socket.getInputStream().read() >= 0) {
                // what the client still sends is of no interest
            }
        }

        /** Ends the connection with a reset. */
        public void reset() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }
    }
}
