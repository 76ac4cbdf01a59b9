package dev.sluice.trials.chaos;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands between the workers and the broker and can do to single workers what a network can: hold back everything, or
 * only the answers to commits. What is held back arrives late, as packets do that are sent again, unless the connection
 * has been closed meanwhile. Workers are told apart by their {@code client.id}.
 */
final class KafkaProxy implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(KafkaProxy.class);
    private static final short END_TRANSACTION = 26;
    private static final long LATELY_NANOS = Duration.ofSeconds(5).toNanos();
    private static final int HEADER_BYTES = 10;
    private static final int MAX_FRAME_BYTES = 64 << 20;

    private final ServerSocket server;
    private final int brokerPort;
    private final Set<Link> links = ConcurrentHashMap.newKeySet();
    private final Set<String> cutOff = new HashSet<>();
    private final Set<String> commitsHeld = new HashSet<>();
    private final Map<String, Integer> answersHeld = new HashMap<>();
    private final Map<String, Long> committedAt = new ConcurrentHashMap<>();

    private KafkaProxy(ServerSocket server, int brokerPort) {
        this.server = server;
        this.brokerPort = brokerPort;
    }

    /** On a free port of the loopback interface. */
    static KafkaProxy inFrontOf(int brokerPort) throws IOException {
        return inFrontOf(brokerPort, new ServerSocket(0, 1024, InetAddress.getLoopbackAddress()));
    }

    static KafkaProxy inFrontOf(int brokerPort, ServerSocket server) {
        KafkaProxy proxy = new KafkaProxy(server, brokerPort);
        proxy.thread("kafka-proxy", proxy::accept);
        return proxy;
    }

    /** Lets nothing through between this client and the broker from now on. */
    synchronized void cutOff(String client) {
        cutOff.add(client);
    }

    /** Lets everything through again, beginning with what was held back. */
    synchronized void reconnect(String client) {
        cutOff.remove(client);
        notifyAll();
    }

    /** Holds back the broker's answers to commits of this client, and what follows them on the same connection. */
    synchronized void holdCommitAnswers(String client) {
        commitsHeld.add(client);
        answersHeld.put(client, 0);
    }

    /** Whether this client has committed a transaction in the last seconds. */
    boolean commits(String client) {
        Long at = committedAt.get(client);
        return at != null && System.nanoTime() - at < LATELY_NANOS;
    }

    /** Lets them through. */
    synchronized void releaseCommitAnswers(String client) {
        commitsHeld.remove(client);
        notifyAll();
    }

    /** Waits until at least one answer is held back; false if there is none in time. */
    synchronized boolean awaitHeldAnswer(String client, long millis) throws InterruptedException {
        long until = System.nanoTime() + millis * 1_000_000;
        while (answersHeld.getOrDefault(client, 0) == 0) {
            long left = (until - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return false;
            }
            wait(left);
        }
        return true;
    }

    @Override
    public void close() {
        closed(server);
        links.forEach(Link::close);
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                thread("kafka-proxy-connect", () -> connect(client));
            } catch (SocketException closed) {
                return;
            } catch (IOException failure) {
                log.atWarn().setCause(failure).log("the proxy cannot accept a connection");
            }
        }
    }

    /** As with a broker that is away, the client finds its connection closed where there is none. */
    private void connect(Socket client) {
        try {
            Link link = new Link(client, new Socket(InetAddress.getLoopbackAddress(), brokerPort));
            links.add(link);
            link.start();
        } catch (IOException noBroker) {
            log.atDebug().setCause(noBroker).log("the broker is away");
            closed(client);
        }
    }

    private void thread(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    private static void closed(AutoCloseable socket) {
        try {
            socket.close();
        } catch (Exception failure) {
            log.atDebug().setCause(failure).log("a socket did not close");
        }
    }

    private synchronized void awaitConnection(String client) throws InterruptedException {
        while (cutOff.contains(client)) {
            wait();
        }
    }

    private synchronized boolean holdsCommits(String client) {
        return commitsHeld.contains(client);
    }

    private synchronized void holdAnswer(String client) throws InterruptedException {
        while (commitsHeld.contains(client)) {
            answersHeld.merge(client, 1, Integer::sum);
            notifyAll();
            wait();
        }
    }

    /** One connection: a thread for either direction. */
    private final class Link {
        private final Socket client;
        private final Socket broker;
        private final Set<Integer> commits = ConcurrentHashMap.newKeySet();
        private volatile String name = "";

        Link(Socket client, Socket broker) throws IOException {
            this.client = client;
            this.broker = broker;
            client.setTcpNoDelay(true);
            broker.setTcpNoDelay(true);
        }

        void start() {
            thread("kafka-proxy-requests", () -> pump(client, broker, this::request));
            thread("kafka-proxy-answers", () -> pump(broker, client, this::answer));
        }

        void close() {
            closed(client);
            closed(broker);
            links.remove(this);
        }

        private void pump(Socket from, Socket to, Frames frames) {
            try (DataInputStream in = new DataInputStream(from.getInputStream());
                    DataOutputStream out = new DataOutputStream(to.getOutputStream())) {
                while (true) {
                    int length = in.readInt();
                    if (length < 0 || length > MAX_FRAME_BYTES) {
                        throw new IOException("a frame of " + length + " bytes");
                    }
                    byte[] frame = new byte[length];
                    in.readFully(frame);
                    frames.pass(ByteBuffer.wrap(frame));
                    out.write(ByteBuffer.allocate(4 + length)
                            .putInt(length)
                            .put(frame)
                            .array());
                    out.flush();
                }
            } catch (IOException ended) {
                log.atDebug().setCause(ended).log("a connection has ended");
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            } finally {
                close();
            }
        }

        /** A request begins with API key, version, correlation id and client id (KIP-482 keeps that order). */
        private void request(ByteBuffer frame) throws InterruptedException {
            if (frame.remaining() >= HEADER_BYTES) {
                short key = frame.getShort();
                frame.getShort();
                int correlation = frame.getInt();
                name = text(frame);
                if (key == END_TRANSACTION) {
                    commit(correlation);
                }
            }
            awaitConnection(name);
        }

        private void commit(int correlation) {
            committedAt.put(name, System.nanoTime());
            if (holdsCommits(name)) {
                commits.add(correlation);
            }
        }

        private void answer(ByteBuffer frame) throws InterruptedException {
            awaitConnection(name);
            if (frame.remaining() >= Integer.BYTES && commits.remove(frame.getInt())) {
                holdAnswer(name);
            }
        }

        private String text(ByteBuffer frame) {
            int length = frame.getShort();
            if (length < 0 || length > frame.remaining()) {
                return "";
            }
            byte[] bytes = new byte[length];
            frame.get(bytes);
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    @FunctionalInterface
    private interface Frames {
        /** Looks at a frame; returns when it may pass. */
        void pass(ByteBuffer frame) throws InterruptedException;
    }
}
