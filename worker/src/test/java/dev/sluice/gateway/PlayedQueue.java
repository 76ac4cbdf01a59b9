package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import dev.sluice.ChatQueue;
import dev.sluice.ChatReply;
import dev.sluice.ChatRequest;
import dev.sluice.ChatStream;
import dev.sluice.Receipt;
import dev.sluice.wire.Reason;
import dev.sluice.wire.StreamPiece;
import dev.sluice.wire.WireHeaders;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** A queue whose streams the test plays piece by piece, as a worker would. */
final class PlayedQueue implements ChatQueue {
    static final String CALL = "00000000000000aa";

    private final List<Played> streams = new CopyOnWriteArrayList<>();

    /** One stream that was subscribed to. */
    static final class Played {
        final CompletableFuture<ChatReply> asked = new CompletableFuture<>();
        private final Consumer<StreamPiece> pieces;
        private long next;

        private Played(Consumer<StreamPiece> pieces) {
            this.pieces = pieces;
        }

        Played piece(String text) {
            return piece(CALL, next++, text);
        }

        Played piece(String call, long number, String text) {
            String chunk =
                    "{\"id\":\"i\",\"created\":7,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\""
                            + text + "\"},\"finish_reason\":null}],\"usage\":null}";
            pieces.accept(new StreamPiece(new byte[1], call, number, chunk.getBytes(UTF_8)));
            return this;
        }

        void reply(String call, String text) {
            ConsumerRecord<byte[], byte[]> reply = record("{\"id\":\"i\",\"created\":7,\"model\":\"m\",\"choices\":["
                    + "{\"index\":0,\"finish_reason\":\"eos\",\"message\":{\"role\":\"assistant\",\"content\":\"" + text
                    + "\"}}],\"usage\":{\"total_tokens\":3}}");
            WireHeaders.set(reply.headers(), WireHeaders.STATUS, WireHeaders.OK);
            WireHeaders.set(reply.headers(), WireHeaders.CALL, call);
            asked.complete(ChatReply.from(reply));
        }

        void fail(Reason reason) {
            ConsumerRecord<byte[], byte[]> reply = record("{\"error\":{\"message\":\"no\",\"type\":\"x\"}}");
            WireHeaders.set(reply.headers(), WireHeaders.STATUS, WireHeaders.FAILED);
            WireHeaders.set(reply.headers(), WireHeaders.REASON, reason.word());
            asked.complete(ChatReply.from(reply));
        }

        private static ConsumerRecord<byte[], byte[]> record(String body) {
            return new ConsumerRecord<>("chat.replies.door", 0, 0, null, body.getBytes(UTF_8));
        }
    }

    /** Waits until this many streams were begun, and returns the last of them. */
    Played stream(int count) {
        await().until(() -> streams.size() == count);
        return streams.get(count - 1);
    }

    int begun() {
        return streams.size();
    }

    @Override
    public ChatStream stream(ChatRequest request) {
        return stream(request, Duration.ofMinutes(5));
    }

    @Override
    public ChatStream stream(ChatRequest request, Duration deadline) {
        return new ChatStream(
                pieces -> {
                    Played played = new Played(pieces);
                    streams.add(played);
                    return played.asked;
                },
                8 * 1024);
    }

    @Override
    public CompletableFuture<Receipt> submit(ChatRequest request) {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletableFuture<ChatReply> ask(ChatRequest request) {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletableFuture<ChatReply> ask(ChatRequest request, Duration deadline) {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletableFuture<Void> cancel(String id) {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletableFuture<Void> cancelGroup(String group) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
