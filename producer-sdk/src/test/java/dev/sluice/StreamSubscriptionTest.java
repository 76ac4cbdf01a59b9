package dev.sluice;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.wire.StreamPiece;
import dev.sluice.wire.WireHeaders;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StreamSubscriptionTest {
    private static final String CALL = "00000000000000aa";

    private final CompletableFuture<ChatReply> asked = new CompletableFuture<>();
    private Consumer<StreamPiece> pieces = piece -> {
        throw new AssertionError("not published");
    };
    private int published;
    private final ChatStream stream = ChatStream.of(listener -> {
        published++;
        pieces = listener;
        return asked;
    });
    private final Recorder recorder = new Recorder();

    @Test
    void theRequestIsPublishedOnceSomebodySubscribes() {
        assertThat(published).isZero();
        stream.subscribe(recorder);
        assertThat(published).isEqualTo(1);

        Recorder second = new Recorder();
        stream.subscribe(second);

        assertThat(second.failure).isInstanceOf(IllegalStateException.class);
        assertThat(published).isEqualTo(1);
    }

    @Test
    void piecesComeInTheirOrderAndTheReplyAtTheEnd() {
        stream.subscribe(recorder);
        recorder.subscription.request(Long.MAX_VALUE);

        piece(0, "Hel");
        piece(1, "lo");
        assertThat(recorder.texts).containsExactly("Hel", "lo");
        assertThat(stream.reply()).isNotDone();
        asked.complete(reply(CALL, "Hello"));

        assertThat(recorder.texts).containsExactly("Hel", "lo", "");
        assertThat(recorder.isComplete).isTrue();
        assertThat(stream.reply())
                .isCompletedWithValueMatching(reply -> reply.text().equals("Hello"));
    }

    @Test
    void nobodyGetsMoreThanItHasAskedFor() {
        stream.subscribe(recorder);
        piece(0, "a");
        piece(1, "b");
        assertThat(recorder.texts).isEmpty();

        recorder.subscription.request(1);
        assertThat(recorder.texts).containsExactly("a");
        asked.complete(reply(CALL, "abc"));
        assertThat(recorder.texts).containsExactly("a");
        recorder.subscription.request(2);
        assertThat(recorder.texts).containsExactly("a", "b", "c");
        assertThat(recorder.isComplete).isFalse();
        recorder.subscription.request(1);

        assertThat(recorder.texts).containsExactly("a", "b", "c", "");
        assertThat(recorder.isComplete).isTrue();
    }

    @Test
    void whatASlowSubscriberLeavesIsBoundedAndComesFromTheReply() {
        String large = "x".repeat(StreamSubscription.MAX_QUEUED_BYTES / 8);
        stream.subscribe(recorder);
        for (int i = 0; i < 100; i++) {
            piece(i, large);
        }

        recorder.subscription.request(Long.MAX_VALUE);
        assertThat(recorder.texts).hasSizeBetween(7, 9);
        piece(100, large);
        assertThat(recorder.texts).hasSizeBetween(7, 9);
        asked.complete(reply(CALL, large.repeat(101)));

        assertThat(String.join("", recorder.texts)).isEqualTo(large.repeat(101));
        assertThat(recorder.isComplete).isTrue();
    }

    @Test
    void aFailedReplyEndsTheStreamWithWhatItSays() {
        stream.subscribe(recorder);
        recorder.subscription.request(Long.MAX_VALUE);
        piece(0, "a");

        asked.complete(failed());

        assertThat(recorder.failure).isInstanceOf(ChatFailedException.class).hasMessageContaining("stream_cut");
        assertThat(stream.reply()).isCompletedWithValueMatching(reply -> !reply.ok());
    }

    @Test
    void theReplyOfAnotherCallIsAnErrorAndNotAnotherText() {
        stream.subscribe(recorder);
        recorder.subscription.request(Long.MAX_VALUE);
        piece(0, "a");

        asked.complete(reply("00000000000000bb", "ab"));

        assertThat(recorder.failure).isInstanceOf(ChatStreamException.class);
        assertThat(recorder.texts).containsExactly("a");
        assertThat(recorder.isComplete).isFalse();
    }

    @Test
    void anotherCallAfterATextIsAnErrorAndCancelsTheRequest() {
        stream.subscribe(recorder);
        recorder.subscription.request(Long.MAX_VALUE);
        piece(0, "a");

        pieces.accept(new StreamPiece(new byte[1], "00000000000000bb", 0, chunk("b")));

        assertThat(recorder.failure).isInstanceOf(ChatStreamException.class);
        await().until(asked::isCancelled);
        assertThat(stream.reply()).isCompletedExceptionally();
    }

    @Test
    void toCancelTheSubscriptionCancelsTheRequest() {
        stream.subscribe(recorder);
        recorder.subscription.request(Long.MAX_VALUE);

        recorder.subscription.cancel();

        assertThat(asked).isCancelled();
        piece(0, "a");
        assertThat(recorder.texts).isEmpty();
        assertThat(recorder.failure).isNull();
    }

    @Test
    void aSubscriptionThatIsCancelledAtOncePublishesNothing() {
        stream.subscribe(new Recorder() {
            @Override
            public void onSubscribe(Flow.Subscription given) {
                given.cancel();
            }
        });

        assertThat(published).isZero();
        assertThat(stream.reply()).isCompletedExceptionally();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1})
    void aDemandOfNothingIsAnError(long demand) {
        stream.subscribe(recorder);

        recorder.subscription.request(demand);

        assertThat(recorder.failure)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("" + demand);
        await().until(asked::isCancelled);
    }

    @Test
    void forEachEndsWithTheReply() {
        List<String> texts = new ArrayList<>();
        CompletableFuture<ChatReply> done = stream.forEach(piece -> texts.add(piece.text()));

        piece(0, "a");
        asked.complete(reply(CALL, "a"));

        assertThat(done.join().text()).isEqualTo("a");
        assertThat(texts).containsExactly("a", "");
    }

    @Test
    void anActionThatThrowsCancelsTheRequest() {
        CompletableFuture<ChatReply> done = stream.forEach(piece -> {
            throw new IllegalStateException("full");
        });

        piece(0, "a");

        assertThatThrownBy(done::join).hasMessageContaining("full");
        await().until(asked::isCancelled);
    }

    @Test
    void toCancelForEachCancelsTheRequest() {
        CompletableFuture<ChatReply> done = stream.forEach(piece -> {});

        assertThat(done.cancel(false)).isTrue();

        assertThat(asked).isCancelled();
    }

    private void piece(long number, String text) {
        pieces.accept(new StreamPiece(new byte[1], CALL, number, chunk(text)));
    }

    private static byte[] chunk(String text) {
        return ("{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + text + "\"}}]}").getBytes(UTF_8);
    }

    private static ChatReply reply(String call, String text) {
        ConsumerRecord<byte[], byte[]> reply = new ConsumerRecord<>(
                "chat.replies",
                0,
                0,
                null,
                ("{\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\"message\":{\"content\":\"" + text + "\"}}]}")
                        .getBytes(UTF_8));
        WireHeaders.set(reply.headers(), WireHeaders.STATUS, WireHeaders.OK);
        WireHeaders.set(reply.headers(), WireHeaders.CALL, call);
        return ChatReply.from(reply);
    }

    private static ChatReply failed() {
        ConsumerRecord<byte[], byte[]> reply = new ConsumerRecord<>("chat.replies", 0, 0, null, new byte[0]);
        WireHeaders.set(reply.headers(), WireHeaders.STATUS, WireHeaders.FAILED);
        WireHeaders.set(reply.headers(), WireHeaders.REASON, "stream_cut");
        return ChatReply.from(reply);
    }

    /** Writes down what it is given. */
    private static class Recorder implements Flow.Subscriber<ChatPiece> {
        final List<String> texts = new ArrayList<>();
        Flow.Subscription subscription;
        Throwable failure;
        boolean isComplete;

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription = given;
        }

        @Override
        public void onNext(ChatPiece piece) {
            texts.add(piece.text());
        }

        @Override
        public void onError(Throwable cause) {
            failure = cause;
        }

        @Override
        public void onComplete() {
            isComplete = true;
        }
    }
}
