package dev.sluice.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.ChatQueueBuilder;
import dev.sluice.ChatQueueException;
import dev.sluice.ChatReply;
import dev.sluice.ChatRequest;
import dev.sluice.InvalidChatRequestException;
import dev.sluice.Priority;
import dev.sluice.Receipt;
import dev.sluice.ReplyTimeoutException;
import dev.sluice.wire.CancelMark;
import dev.sluice.wire.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class InMemoryChatQueueTest {
    private static final ChatRequest REQUEST = ChatRequest.builder()
            .model("m")
            .user("Hi")
            .tenant("t")
            .header("mine", "x")
            .build();

    private final InMemoryChatQueue queue = InMemoryChatQueue.answering(request -> "Hello " + request.model());

    @Test
    void aWaitingAskEndsAsCancelledByItsIdOrItsGroup() {
        queue.holdReplies();
        CompletableFuture<ChatReply> byId = queue.ask(request("a", "g"));
        CompletableFuture<ChatReply> byGroup = queue.ask(request("b", "g"));
        CompletableFuture<ChatReply> other = queue.ask(request("c", "h"));

        queue.cancel("a").join();
        queue.cancelGroup("g").join();

        assertThat(byId.join().reason()).contains("cancelled");
        assertThat(byGroup.join().reason()).contains("cancelled");
        assertThat(other).isNotDone();
        assertThat(queue.cancelled()).containsExactly(CancelMark.ofId("a"), CancelMark.ofGroup("g"));
    }

    private static ChatRequest request(String id, String group) {
        return ChatRequest.builder().id(id).group(group).model("m").user("?").build();
    }

    @Test
    void answersAsAWorkerWould() {
        ChatReply reply = queue.ask(REQUEST).join();

        assertThat(reply.orThrow().text()).isEqualTo("Hello m");
        assertThat(reply.id()).isEqualTo("id-0");
        assertThat(reply.tenant()).contains("t");
        assertThat(reply.header("mine")).contains(new byte[] {'x'});
        assertThat(reply.finishReason()).contains("stop");
        assertThat(reply.httpStatus()).hasValue(200);
        assertThat(reply.usage().orElseThrow().totalTokens()).isEqualTo(2);
    }

    @Test
    void recordsSubmittedRequests() {
        Receipt first = queue.submit(REQUEST).join();
        Receipt second = queue.submit(
                        ChatRequest.builder().model("n").user("Hi").id("mine").build())
                .join();

        assertThat(first.id()).isEqualTo("id-0");
        assertThat(second.id()).isEqualTo("mine");
        assertThat(second.topic()).isEqualTo("chat.requests");
        assertThat(second.offset()).isEqualTo(1);
        assertThat(queue.requests()).extracting(ChatRequest::model).containsExactly("m", "n");
    }

    @Test
    void keepsThePriorityAndTheTopicItStandsFor() {
        ChatRequest express = ChatRequest.builder()
                .model("m")
                .user("Hi")
                .priority(Priority.EXPRESS)
                .build();

        Receipt receipt = queue.submit(express).join();
        ChatReply reply = queue.ask(express).join();

        assertThat(receipt.topic()).isEqualTo("chat.requests.express");
        assertThat(reply.orThrow().text()).isEqualTo("Hello m");
        assertThat(queue.requests()).extracting(ChatRequest::priority).containsOnly(Priority.EXPRESS);
        assertThat(REQUEST.priority()).isEqualTo(Priority.NORMAL);
    }

    @Test
    void canReplyWithAFailure() {
        InMemoryChatQueue failing =
                InMemoryChatQueue.replying(asked -> ChatReplies.failed(asked, Reason.REJECTED, 404, "no such model"));

        ChatReply reply = failing.ask(REQUEST).join();

        assertThat(reply.ok()).isFalse();
        assertThat(reply.reason()).contains("rejected");
        assertThat(reply.httpStatus()).hasValue(404);
        assertThat(reply.error().orElseThrow().message()).isEqualTo("no such model");
    }

    @Test
    void holdsRepliesUntilTheyAreReleased() {
        queue.holdReplies();
        CompletableFuture<ChatReply> first = queue.ask(REQUEST);
        CompletableFuture<ChatReply> second = queue.ask(REQUEST, Duration.ofSeconds(7));
        CompletableFuture<ChatReply> third = queue.ask(REQUEST);
        assertThat(queue.waiting()).isEqualTo(3);

        queue.release();
        queue.timeOut();
        assertThat(third).isNotDone();
        queue.releaseAll();

        assertThat(first.join().id()).isEqualTo("id-0");
        assertThatThrownBy(second::join)
                .hasCauseInstanceOf(ReplyTimeoutException.class)
                .hasMessageContaining("id-1 within PT7S");
        assertThat(third.join().id()).isEqualTo("id-2");
        assertThatThrownBy(queue::release).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void streamsItsAnswerInSeveralPieces() {
        List<String> texts = new ArrayList<>();
        InMemoryChatQueue talkative = InMemoryChatQueue.answering(request -> "a longer answer than that");

        ChatReply reply = talkative.stream(REQUEST)
                .forEach(piece -> texts.add(piece.text()))
                .join();

        assertThat(texts).hasSizeGreaterThan(3);
        assertThat(String.join("", texts)).isEqualTo(reply.text()).isEqualTo("a longer answer than that");
        assertThat(new String(talkative.requests().get(0).body(), UTF_8)).startsWith("{\"stream\":true,");
        assertThat(talkative.requests().get(0).abortsIfCancelled()).isTrue();
    }

    @Test
    void notesAStreamThatIsCancelledWhileItWaits() {
        CompletableFuture<ChatReply> stream =
                queue.holdReplies().stream(REQUEST).forEach(piece -> {});
        assertThat(queue.waiting()).isEqualTo(1);

        stream.cancel(false);

        assertThat(queue.waiting()).isZero();
        assertThat(queue.cancelled()).containsExactly(CancelMark.ofId("id-0"));
    }

    @Test
    void failsUntilTheFailureIsCleared() {
        queue.failWith(new ChatQueueException("no broker"));
        assertThatThrownBy(queue.submit(REQUEST)::join).hasMessageContaining("no broker");
        assertThatThrownBy(queue.ask(REQUEST)::join).hasMessageContaining("no broker");

        queue.failWith(null);

        assertThat(queue.ask(REQUEST).join().ok()).isTrue();
        assertThat(queue.submitted()).hasSize(1);
    }

    @Test
    void failsAnAskWithTheExceptionOfTheUsersFunction() {
        InMemoryChatQueue throwing = InMemoryChatQueue.answering(request -> {
            throw new IllegalStateException("mine");
        });

        assertThatThrownBy(throwing.ask(REQUEST)::join).hasRootCauseMessage("mine");
    }

    @Test
    void checksRequestsLikeTheRealQueue() {
        String text = "x".repeat(ChatQueueBuilder.DEFAULT_MAX_BODY_BYTES);
        ChatRequest large = ChatRequest.builder().model("m").user(text).build();

        assertThatThrownBy(queue.submit(large)::join).hasCauseInstanceOf(InvalidChatRequestException.class);
        assertThatThrownBy(queue.ask(REQUEST, Duration.ZERO)::join)
                .hasCauseInstanceOf(InvalidChatRequestException.class);
        assertThat(queue.submitted()).isEmpty();
    }

    @Test
    void failsWaitingAndNewRequestsAfterClose() {
        CompletableFuture<ChatReply> waiting = queue.holdReplies().ask(REQUEST);

        queue.close();

        assertThatThrownBy(waiting::join).hasMessageContaining("closed before the reply");
        assertThatThrownBy(queue.submit(REQUEST)::join).hasMessageContaining("the queue is closed");
        assertThat(queue.submitted()).hasSize(1);
    }

    @Test
    void acceptsRequestsFromManyThreads() {
        IntStream.range(0, 1_000).parallel().forEach(i -> queue.ask(REQUEST).join());

        assertThat(queue.submitted()).hasSize(1_000);
        assertThat(queue.submitted()).extracting(s -> s.receipt().offset()).doesNotHaveDuplicates();
    }
}
