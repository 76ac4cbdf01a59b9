package dev.sluice.trials.chaos;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands between the workers and the broker. It can do to a single worker what a network can: hold back everything, or
 * only the answers to commits. Data that is held back arrives late, like packets that are sent again, unless the
 * connection has been closed meanwhile. Workers are told apart by their {@code client.id}. Thread-safe.
 */
final class KafkaProxy implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(KafkaProxy.class);
    private static final long RECENT_NANOS = Duration.ofSeconds(5).toNanos();

    private final ServerSocket server;
    private final int brokerPort;
    private final Set<ProxyConnection> connections = ConcurrentHashMap.newKeySet();
    private final Set<String> cutOff = new HashSet<>();
    private final Set<String> commitsHeld = new HashSet<>();
    private final Map<String, Integer> answersHeld = new HashMap<>();
    private final Map<String, Long> committedAt = new ConcurrentHashMap<>();

    private KafkaProxy(ServerSocket server, int brokerPort) {
        this.server = server;
        this.brokerPort = brokerPort;
    }

    /** Starts a proxy that accepts connections at this socket. */
    static KafkaProxy inFrontOf(int brokerPort, ServerSocket server) {
        KafkaProxy proxy = new KafkaProxy(server, brokerPort);
        thread("kafka-proxy", proxy::accept);
        return proxy;
    }

    /** Holds back everything between this client and the broker from now on. */
    synchronized void cutOff(String client) {
        cutOff.add(client);
    }

    /** Lets everything pass again, beginning with the data that was held back. */
    synchronized void reconnect(String client) {
        cutOff.remove(client);
        notifyAll();
    }

    /** Holds back the broker's answers to commits of this client, and all that follows on the same connection. */
    synchronized void holdCommitAnswers(String client) {
        commitsHeld.add(client);
        answersHeld.put(client, 0);
    }

    /** Tells whether this client has committed a transaction in the last five seconds. */
    boolean commits(String client) {
        Long at = committedAt.get(client);
        return at != null && System.nanoTime() - at < RECENT_NANOS;
    }

    /** Lets the answers to commits pass again. */
    synchronized void releaseCommitAnswers(String client) {
        commitsHeld.remove(client);
        notifyAll();
    }

    /** Waits until at least one answer is held back. Returns false if there is none in time. */
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
        closeQuietly(server);
        connections.forEach(ProxyConnection::close);
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                thread("kafka-proxy-connect", () -> connect(client));
            } catch (SocketException e) {
                return;
            } catch (IOException e) {
                log.atWarn().setCause(e).log("Connection not accepted");
            }
        }
    }

    private void connect(Socket client) {
        try {
            Socket broker = new Socket(InetAddress.getLoopbackAddress(), brokerPort);
            ProxyConnection connection = new ProxyConnection(this, client, broker);
            connections.add(connection);
            connection.start();
        } catch (IOException e) {
            // without a broker the client finds its connection closed, as it would without a proxy
            log.atDebug().setCause(e).log("Broker unavailable");
            closeQuietly(client);
        }
    }

    static void thread(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    static void closeQuietly(AutoCloseable socket) {
        try {
            socket.close();
        } catch (Exception e) {
            log.atDebug().setCause(e).log("Socket not closed");
        }
    }

    /** Waits while this client is cut off. */
    synchronized void awaitConnection(String client) throws InterruptedException {
        while (cutOff.contains(client)) {
            wait();
        }
    }

    /** Records a commit. Returns whether its answer is to be held back. */
    synchronized boolean committed(String client) {
        committedAt.put(client, System.nanoTime());
        return commitsHeld.contains(client);
    }

    /** Holds back an answer for as long as commits of this client are held. */
    synchronized void holdAnswer(String client) throws InterruptedException {
        while (commitsHeld.contains(client)) {
            answersHeld.merge(client, 1, Integer::sum);
            notifyAll();
            wait();
        }
    }

    void removed(ProxyConnection connection) {
        connections.remove(connection);
    }
}
