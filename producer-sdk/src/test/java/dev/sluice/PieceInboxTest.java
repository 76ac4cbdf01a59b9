package dev.sluice;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.wire.StreamPiece;
import dev.sluice.wire.Topics;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.kafka.common.errors.AuthorizationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PieceInboxTest {
    private static final byte[] MINE = {1};
    private static final String CALL = "00000000000000aa";

    private final ReplyLog log = new ReplyLog("chat.streams");
    private final PieceInbox inbox =
            new PieceInbox(ChatQueue.builder().settings(), log::consumer, new Random(1), System::nanoTime);
    private final List<Long> numbers = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() {
        inbox.close();
    }

    @Test
    void handsPiecesToTheirStreamUntilItEnds() {
        assertThat(add(MINE)).hasValue(0);

        append(MINE, 0);
        append(new byte[] {2}, 1);
        append(MINE, 2);
        await().until(() -> numbers.equals(List.of(0L, 2L)));
        inbox.remove(MINE);
        append(MINE, 3);
        OptionalInt unused = inbox.add(new byte[] {4}, piece -> numbers.add(-piece.first()));
        append(new byte[] {4}, 4);

        await().until(() -> numbers.equals(List.of(0L, 2L, -4L)));
        assertThat(inbox.size()).isEqualTo(1);
    }

    @Test
    void beginsAnewAfterAFailure() {
        assertThat(add(MINE)).hasValue(0);

        log.fail(new AuthorizationException("no"));
        await().until(() -> add(MINE).isEmpty());
        await().until(() -> add(MINE).isPresent());
        append(MINE, 5);

        await().until(() -> numbers.contains(5L));
        assertThat(log.consumers()).isEqualTo(2);
    }

    @Test
    void aMissingTopicHoldsNobodyUp() {
        log.deleteTopic();

        assertThat(add(MINE)).isEmpty();
        assertThat(inbox.size()).isZero();
    }

    @Test
    void aClosedInboxHasNoPartition() {
        inbox.close();

        assertThat(add(MINE)).isEmpty();
    }

    private OptionalInt add(byte[] correlation) {
        return inbox.add(correlation, piece -> numbers.add(piece.first()));
    }

    private void append(byte[] correlation, long number) {
        log.append(StreamPiece.of(correlation, CALL, number, List.of("{}".getBytes(UTF_8)))
                .record(new Topics("chat"), 0));
    }
}
