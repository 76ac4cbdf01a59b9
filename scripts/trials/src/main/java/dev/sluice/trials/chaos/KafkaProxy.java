package dev.sluice.trials.chaos;

import dev.sluice.sandbox.BrokerListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands between the workers and the brokers, and between one broker and another. It can do to a single worker what a
 * network can: hold back everything, or only the answers to commits. And it can hold back everything between one broker
 * and the others, whose clients reach it all the same. Data that is held back arrives late, like packets that are sent
 * again, unless the connection has been closed meanwhile. Workers and brokers are told apart by their
 * {@code client.id}. Thread-safe.
 */
final class KafkaProxy implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(KafkaProxy.class);
    private static final long RECENT_NANOS = Duration.ofSeconds(5).toNanos();
    private static final int BACKLOG = 1_024;
    private static final Pattern NUMBER = Pattern.compile("\\d{1,9}");

    private final List<ServerSocket> servers = new CopyOnWriteArrayList<>();
    private final Set<ProxyConnection> connections = ConcurrentHashMap.newKeySet();
    private final Set<String> cutOff = new HashSet<>();
    private final Set<String> commitsHeld = new HashSet<>();
    private final Map<String, Integer> answersHeld = new HashMap<>();
    private final Map<String, Long> committedAt = new ConcurrentHashMap<>();
    private final Set<Integer> isolated = new HashSet<>();

    /** Starts to accept connections to a listener of a broker and returns the port for them. */
    int inFrontOf(int nodeId, BrokerListener listener, int port) {
        try {
            ServerSocket server = new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress());
            servers.add(server);
            OptionalInt peer = listener.isBetweenBrokers() ? OptionalInt.of(nodeId) : OptionalInt.empty();
            thread("kafka-proxy", () -> accept(server, port, peer));
            return server.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException("no port is left for a proxy", e);
        }
    }

    /** Holds back everything between this broker and the others from now on. */
    synchronized void isolate(int nodeId) {
        isolated.add(nodeId);
    }

    /** Lets everything pass between this broker and the others again. */
    synchronized void rejoin(int nodeId) {
        isolated.remove(nodeId);
        notifyAll();
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
        servers.forEach(KafkaProxy::closeQuietly);
        connections.forEach(ProxyConnection::close);
    }

    private void accept(ServerSocket server, int brokerPort, OptionalInt peer) {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                thread("kafka-proxy-connect", () -> connect(client, brokerPort, peer));
            } catch (SocketException e) {
                return;
            } catch (IOException e) {
                log.atWarn().setCause(e).log("Connection not accepted");
            }
        }
    }

    private void connect(Socket client, int brokerPort, OptionalInt peer) {
        try {
            Socket broker = new Socket(InetAddress.getLoopbackAddress(), brokerPort);
            ProxyConnection connection = new ProxyConnection(this, client, broker, peer);
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

    /** Waits while nothing passes between a client and its broker. */
    synchronized void awaitConnection(String client, OptionalInt peer) throws InterruptedException {
        while (isHeld(client, peer)) {
            wait();
        }
    }

    /**
     * Tells whether nothing passes between a client and its broker. A broker is never cut off from itself.
     *
     * @param peer the broker, if only other brokers connect to it there
     */
    synchronized boolean isHeld(String client, OptionalInt peer) {
        OptionalInt source = peer.isPresent() ? nodeOf(client) : OptionalInt.empty();
        boolean isBetweenBrokers = source.isPresent() && !source.equals(peer);
        return cutOff.contains(client)
                || (isBetweenBrokers && (isolated.contains(source.getAsInt()) || isolated.contains(peer.getAsInt())));
    }

    /** Returns the broker with this client id, such as {@code 2}, {@code raft-client-2}, {@code broker-2-fetcher-0}. */
    static OptionalInt nodeOf(String client) {
        Matcher number = NUMBER.matcher(client);
        return number.find() ? OptionalInt.of(Integer.parseInt(number.group())) : OptionalInt.empty();
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
