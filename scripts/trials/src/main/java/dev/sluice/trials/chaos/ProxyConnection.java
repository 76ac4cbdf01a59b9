package dev.sluice.trials.chaos;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A connection of a client through the {@link KafkaProxy}, with a thread for either direction. */
final class ProxyConnection {
    private static final Logger log = LoggerFactory.getLogger(ProxyConnection.class);
    /** The API key of EndTxn. */
    private static final short END_TRANSACTION = 26;

    private static final int HEADER_BYTES = 10;
    private static final int MAX_FRAME_BYTES = 64 << 20;

    private final KafkaProxy proxy;
    private final Socket client;
    private final Socket broker;
    private final OptionalInt peer;
    /** The correlation ids of the commits whose answers are to be held back. */
    private final Set<Integer> commits = ConcurrentHashMap.newKeySet();

    private volatile String clientId = "";

    /** @param peer the broker, if other brokers connect to it here */
    ProxyConnection(KafkaProxy proxy, Socket client, Socket broker, OptionalInt peer) throws IOException {
        this.proxy = proxy;
        this.client = client;
        this.broker = broker;
        this.peer = peer;
        client.setTcpNoDelay(true);
        broker.setTcpNoDelay(true);
    }

    void start() {
        KafkaProxy.thread("kafka-proxy-requests", () -> pump(client, broker, this::passRequest));
        KafkaProxy.thread("kafka-proxy-answers", () -> pump(broker, client, this::passAnswer));
    }

    void close() {
        KafkaProxy.closeQuietly(client);
        KafkaProxy.closeQuietly(broker);
        proxy.removed(this);
    }

    /** Looks at a frame and returns when it may pass. */
    @FunctionalInterface
    private interface FrameGate {
        void pass(ByteBuffer frame) throws InterruptedException;
    }

    private void pump(Socket from, Socket to, FrameGate gate) {
        try (DataInputStream in = new DataInputStream(from.getInputStream());
                DataOutputStream out = new DataOutputStream(to.getOutputStream())) {
            while (true) {
                int length = in.readInt();
                if (length < 0 || length > MAX_FRAME_BYTES) {
                    throw new IOException("a frame of " + length + " bytes");
                }
                byte[] frame = new byte[length];
                in.readFully(frame);
                gate.pass(ByteBuffer.wrap(frame));
                out.write(ByteBuffer.allocate(Integer.BYTES + length)
                        .putInt(length)
                        .put(frame)
                        .array());
                out.flush();
            }
        } catch (IOException e) {
            log.atDebug().setCause(e).log("Connection ended");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            close();
        }
    }

    private void passRequest(ByteBuffer frame) throws InterruptedException {
        // API key, version, correlation id, client id: KIP-482 keeps this order
        if (frame.remaining() >= HEADER_BYTES) {
            short key = frame.getShort();
            frame.getShort();
            int correlation = frame.getInt();
            clientId = text(frame);
            if (key == END_TRANSACTION && proxy.committed(clientId)) {
                commits.add(correlation);
            }
        }
        proxy.awaitConnection(clientId, peer);
    }

    private void passAnswer(ByteBuffer frame) throws InterruptedException {
        proxy.awaitConnection(clientId, peer);
        if (frame.remaining() >= Integer.BYTES && commits.remove(frame.getInt())) {
            proxy.holdAnswer(clientId);
        }
    }

    private static String text(ByteBuffer frame) {
        int length = frame.getShort();
        if (length < 0 || length > frame.remaining()) {
            return "";
        }
        byte[] bytes = new byte[length];
        frame.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
