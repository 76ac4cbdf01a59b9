package dev.sluice.worker.settle;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.wire.Reason;
import dev.sluice.wire.Topics;
import dev.sluice.wire.Topics.Tier;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.Requests;
import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.intake.SuspicionLevel;
import dev.sluice.worker.outcome.Outcome;
import dev.sluice.worker.outcome.Outcome.DeadLetter;
import dev.sluice.worker.outcome.Outcome.Hold;
import dev.sluice.worker.outcome.Outcome.Reply;
import dev.sluice.worker.outcome.Outcome.Requeue;
import dev.sluice.worker.outcome.Outcome.Unawaited;
import dev.sluice.worker.provider.ApiError;
import dev.sluice.worker.settle.Settlement.Form;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class OutputRecordsTest {
    private static final String SUSPICION = "failed=900 limited=900 alone=9 costly=9";
    private static final Topics TOPICS = new Topics("chat");
    private static final ReplyRoute OWN_REPLIES = new ReplyRoute(TOPICS.replies(), null, 0, null);
    private static final byte[] KEY = "key".getBytes(UTF_8);
    private static final byte[] VALUE = "{\"model\":\"m\"}".getBytes(UTF_8);
    private static final byte[] ANSWER = "{\"choices\":[1]}".getBytes(UTF_8);
    private static final byte[] CORRELATION = {0, (byte) 0xff, 7};
    private static final int PARTITION = 3;
    private static final long ENQUEUED = 1_000;
    private static final long ENDED = 9_000;

    private final OutputRecords outputRecords = new OutputRecords(TOPICS, () -> 12_345);

    @Test
    void aReplyHasTheKeyTheAnswerAndTheTimesInQueueAndCall() {
        InputRecord input = input(TOPICS.retry(), headers(Map.of()), 2, 4);

        ProducerRecord<byte[], byte[]> reply = only(input, new Reply(200, ANSWER, 3_000));

        assertThat(reply.topic()).isEqualTo(TOPICS.replies());
        assertThat(reply.partition()).isNull();
        assertThat(reply.timestamp()).isEqualTo(12_345);
        assertThat(reply.key()).isEqualTo(KEY);
        assertThat(reply.value()).isEqualTo(ANSWER);
        assertThat(texts(reply.headers()))
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        WireHeaders.ID, "the-id",
                        WireHeaders.ENQUEUED_AT, "1000",
                        WireHeaders.STATUS, "ok",
                        WireHeaders.HTTP_STATUS, "200",
                        WireHeaders.ATTEMPTS, "2",
                        WireHeaders.DEFERRALS, "4",
                        WireHeaders.QUEUED_MS, "5000",
                        WireHeaders.CALL_MS, "3000"));
    }

    @Test
    void theReplyOfAStreamedCallSaysSoAndHasTheIdOfItsPieces() {
        InputRecord input = request(
                Map.of(WireHeaders.STREAM_TO, "7", WireHeaders.CALL, "forged", WireHeaders.ASSEMBLED, "forged"));

        ProducerRecord<byte[], byte[]> reply = only(input, new Reply(200, ANSWER, 1, Optional.of("00112233aabbccdd")));

        assertThat(texts(reply.headers()))
                .containsEntry(WireHeaders.ASSEMBLED, "true")
                .containsEntry(WireHeaders.CALL, "00112233aabbccdd")
                .doesNotContainKey(WireHeaders.STREAM_TO);
        assertThat(texts(only(input, new Reply(200, ANSWER, 1)).headers()))
                .doesNotContainKeys(WireHeaders.ASSEMBLED, WireHeaders.CALL);
        assertThat(texts(only(input, requeue("500")).headers())).containsEntry(WireHeaders.STREAM_TO, "7");
    }

    @Test
    void aReplyGoesWhereItsRouteLeads() {
        ReplyRoute route = new ReplyRoute("app.answers", 5, 6, null);

        ProducerRecord<byte[], byte[]> reply = outputRecords
                .of(settlement(request(Map.of()), new Reply(200, ANSWER, 1), Form.AS_ASKED), route)
                .get(0);

        assertThat(reply.topic()).isEqualTo("app.answers");
        assertThat(reply.partition()).isEqualTo(5);
    }

    @Test
    void theTimeInTheQueueIsNeverNegative() {
        ProducerRecord<byte[], byte[]> reply = only(request(Map.of()), new Reply(200, ANSWER, ENDED));

        assertThat(texts(reply.headers())).containsEntry(WireHeaders.QUEUED_MS, "0");
    }

    @Test
    void aReplyDropsHeadersThatOnlyConcernTheRequest() {
        InputRecord input = input(
                TOPICS.retry(),
                headers(Map.of(
                        WireHeaders.NOT_BEFORE, "1",
                        WireHeaders.EXPIRES_AT, "2",
                        WireHeaders.CACHE, "PT1M",
                        WireHeaders.LAST_ERROR, "500")),
                1,
                0);

        assertThat(texts(only(input, new Reply(200, ANSWER, 1)).headers()))
                .doesNotContainKeys(
                        WireHeaders.NOT_BEFORE, WireHeaders.EXPIRES_AT, WireHeaders.CACHE, WireHeaders.LAST_ERROR);
    }

    @Test
    void foreignHeadersAreCarriedUntouched() {
        RecordHeaders headers = headers(Map.of(WireHeaders.TRACEPARENT, "00-trace", WireHeaders.TENANT, "team"));
        headers.add(WireHeaders.CORRELATION_ID, CORRELATION);
        headers.add(WireHeaders.REPLY_PARTITION, WireHeaders.encodePartition(2));
        headers.add("x-many", new byte[] {1}).add("x-many", new byte[] {2}).add("x-null", null);
        Header[] foreign = headers.toArray();
        InputRecord input = input(TOPICS.requests(), headers, 0, 0);

        for (Outcome outcome : List.of(new Reply(200, ANSWER, 1), requeue("500"), dead(OptionalInt.of(400), "400"))) {
            for (ProducerRecord<byte[], byte[]> record : of(input, outcome, Form.AS_ASKED)) {
                assertThat(record.headers().toArray()).contains(foreign);
            }
        }
        assertThat(input.record().headers().toArray())
                .as("the consumed record is left alone")
                .containsExactly(foreign);
    }

    @Test
    void aRequeueKeepsKeyValueAndPartition() {
        InputRecord input = request(Map.of(WireHeaders.EXPIRES_AT, "99", WireHeaders.CACHE, "PT1M"));

        ProducerRecord<byte[], byte[]> retry = only(input, new Requeue(Optional.empty(), 70, 1, 2, "timeout"));

        assertThat(retry.topic()).isEqualTo(TOPICS.retry());
        assertThat(retry.partition()).isEqualTo(PARTITION);
        assertThat(retry.key()).isEqualTo(KEY);
        assertThat(retry.value()).isEqualTo(VALUE);
        assertThat(texts(retry.headers()))
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        WireHeaders.ID, "the-id",
                        WireHeaders.ENQUEUED_AT, "1000",
                        WireHeaders.EXPIRES_AT, "99",
                        WireHeaders.CACHE, "PT1M",
                        WireHeaders.NOT_BEFORE, "70",
                        WireHeaders.ATTEMPTS, "1",
                        WireHeaders.DEFERRALS, "2",
                        WireHeaders.LAST_ERROR, "timeout"));
    }

    @Test
    void theFirstRequeueKeepsWhenTheWaitBegan() {
        InputRecord later =
                Requests.ofModel("m").timed(1000, 5000, Long.MAX_VALUE).input();
        InputRecord sooner =
                Requests.ofModel("m").timed(1000, 500, Long.MAX_VALUE).input();
        Requeue refused = new Requeue(Optional.empty(), 7000, 0, 1, "429");
        Requeue postponed = new Requeue(Optional.of(Tier.ONE_MINUTE), 5000, 0, 0, "");

        assertThat(texts(only(later, refused).headers())).containsEntry(WireHeaders.ENQUEUED_AT, "5000");
        assertThat(texts(only(later, postponed).headers())).containsEntry(WireHeaders.ENQUEUED_AT, "1000");
        assertThat(texts(only(sooner, refused).headers())).containsEntry(WireHeaders.ENQUEUED_AT, "1000");
    }

    @Test
    void aMoveChangesNothingButThePlace() {
        InputRecord input = request(Map.of(WireHeaders.EXPIRES_AT, "99", WireHeaders.NOT_BEFORE, "7"));

        ProducerRecord<byte[], byte[]> moved = only(input, new Outcome.Move(17));

        assertThat(moved.topic()).isEqualTo(TOPICS.overflow());
        assertThat(moved.partition()).isEqualTo(17);
        assertThat(moved.key()).isEqualTo(KEY);
        assertThat(moved.value()).isEqualTo(VALUE);
        assertThat(texts(moved.headers()))
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        WireHeaders.ID, "the-id",
                        WireHeaders.ENQUEUED_AT, "1000",
                        WireHeaders.EXPIRES_AT, "99",
                        WireHeaders.NOT_BEFORE, "7"));
    }

    @Test
    void aRequeueFromOverflowStaysInItsBundle() {
        InputRecord input = Requests.ofModel("m")
                .under(new Assignment(new TopicPartition(TOPICS.overflow(), 17)))
                .input();

        assertThat(only(input, requeue("500")).partition()).isEqualTo(2);
    }

    @Test
    void aRequeueWithATierWaitsThere() {
        for (Tier tier : Tier.values()) {
            ProducerRecord<byte[], byte[]> delayed =
                    only(request(Map.of()), new Requeue(Optional.of(tier), 70, 0, 0, ""));

            assertThat(delayed.topic()).isEqualTo(TOPICS.delay(tier));
            assertThat(delayed.partition()).isEqualTo(PARTITION);
            assertThat(texts(delayed.headers())).doesNotContainKey(WireHeaders.LAST_ERROR);
        }
    }

    @Test
    void nothingIsAppendedTwiceOverSeveralRequeues() {
        InputRecord input = request(Map.of("x-foreign", "1", WireHeaders.ID, "the-id", WireHeaders.NOT_BEFORE, "5"));
        ProducerRecord<byte[], byte[]> first = only(input, new Requeue(Optional.empty(), 10, 1, 0, "error 1"));

        ProducerRecord<byte[], byte[]> last = first;
        for (int attempt = 2; attempt <= 5; attempt++) {
            InputRecord again = input(last.topic(), new RecordHeaders(last.headers()), attempt - 1, 0);
            last = only(again, new Requeue(Optional.of(Tier.ONE_MINUTE), 10, attempt, 0, "error " + attempt));
        }

        assertThat(last.headers().toArray()).hasSameSizeAs(first.headers().toArray());
        assertThat(last.partition()).isEqualTo(PARTITION);
        assertThat(texts(last.headers()))
                .containsEntry(WireHeaders.ATTEMPTS, "5")
                .containsEntry(WireHeaders.LAST_ERROR, "error 5")
                .containsEntry(WireHeaders.ENQUEUED_AT, "1000")
                .containsEntry("x-foreign", "1");
    }

    @Test
    void aRequeueWithoutAnErrorKeepsTheLastOne() {
        InputRecord input = input(TOPICS.retry(), headers(Map.of(WireHeaders.LAST_ERROR, "500")), 1, 0);

        assertThat(texts(only(input, requeue("")).headers())).containsEntry(WireHeaders.LAST_ERROR, "500");
    }

    @Test
    void aRequeueHasTheEvidenceAgainstItsRequest() {
        Requeue suspected = new Requeue(Optional.empty(), 70, 2, 1, "500", new SuspicionLevel(300, 161, 1, 0));
        InputRecord input = input(TOPICS.retry(), headers(Map.of(WireHeaders.SUSPICION, SUSPICION)), 1, 1);

        assertThat(texts(only(input, suspected).headers()))
                .containsEntry(WireHeaders.SUSPICION, "failed=300 limited=161 alone=1 costly=0");
        assertThat(texts(only(input, requeue("500")).headers())).doesNotContainKey(WireHeaders.SUSPICION);
    }

    @Test
    void theEvidenceAgainstARequestEndsWithIt() {
        InputRecord input = input(TOPICS.retry(), headers(Map.of(WireHeaders.SUSPICION, SUSPICION)), 1, 1);

        for (Outcome outcome : List.of(new Reply(200, ANSWER, 1), dead(OptionalInt.of(500), "500"))) {
            assertThat(of(input, outcome, Form.AS_ASKED))
                    .allSatisfy(record -> assertThat(texts(record.headers())).doesNotContainKey(WireHeaders.SUSPICION));
        }
    }

    @Test
    void theNumberOfReplaysStaysWithARequestToItsEnd() {
        InputRecord replayed = request(Map.of(WireHeaders.REPLAYS, "2"));

        for (Outcome outcome : List.of(requeue(""), dead(OptionalInt.empty(), ""), new Reply(200, ANSWER, 1))) {
            assertThat(of(replayed, outcome, Form.AS_ASKED))
                    .allSatisfy(record -> assertThat(texts(record.headers())).containsEntry(WireHeaders.REPLAYS, "2"));
        }
    }

    @Test
    void whatWasExpressStaysSoUntilItHasEnded() {
        InputRecord published = input(TOPICS.express(), headers(Map.of(WireHeaders.PRIORITY, "low")), 0, 0);
        InputRecord retried = input(TOPICS.retry(), headers(Map.of(WireHeaders.PRIORITY, WireHeaders.EXPRESS)), 1, 0);
        Outcome dead = dead(OptionalInt.empty(), "");

        for (InputRecord express : List.of(published, retried)) {
            assertThat(texts(only(express, requeue("")).headers())).containsEntry(WireHeaders.PRIORITY, "express");
            for (Form form : Form.values()) {
                List<ProducerRecord<byte[], byte[]>> letterAndReply = of(express, dead, form);
                assertThat(texts(letterAndReply.get(0).headers())).containsEntry(WireHeaders.PRIORITY, "express");
                assertThat(texts(letterAndReply.get(1).headers())).doesNotContainKey(WireHeaders.PRIORITY);
            }
            assertThat(texts(only(express, new Reply(200, ANSWER, 1)).headers()))
                    .doesNotContainKey(WireHeaders.PRIORITY);
        }
    }

    @Test
    void noProducerMakesARequestExpressByAHeader() {
        InputRecord forged = request(Map.of(WireHeaders.PRIORITY, WireHeaders.EXPRESS));

        for (Outcome outcome : List.of(requeue(""), dead(OptionalInt.empty(), ""), new Reply(200, ANSWER, 1))) {
            assertThat(of(forged, outcome, Form.AS_ASKED))
                    .allSatisfy(record -> assertThat(texts(record.headers())).doesNotContainKey(WireHeaders.PRIORITY));
        }
    }

    @ParameterizedTest
    @MethodSource("topicsOfProducers")
    void headersThatOnlyWorkersMaySetAreRemovedFromAProducersRecord(String topic) {
        InputRecord input = published(
                topic,
                Map.of(
                        WireHeaders.STATUS, "ok",
                        WireHeaders.HTTP_STATUS, "200",
                        WireHeaders.REASON, "rejected",
                        WireHeaders.LAST_ERROR, "made up",
                        WireHeaders.SUSPICION, SUSPICION,
                        WireHeaders.ERROR_MESSAGE, "made up",
                        WireHeaders.ATTEMPTS, "77",
                        WireHeaders.DEFERRALS, "77",
                        WireHeaders.ENQUEUED_AT, "77",
                        WireHeaders.REPLAYED, "77"));
        for (String name : List.of(
                WireHeaders.ERROR_TYPE,
                WireHeaders.ERROR_CODE,
                WireHeaders.ERROR_PARAM,
                WireHeaders.ORIGIN,
                WireHeaders.QUEUED_MS,
                WireHeaders.CALL_MS)) {
            WireHeaders.set(input.record().headers(), name, "77");
        }

        for (Outcome outcome : List.of(requeue(""), dead(OptionalInt.empty(), ""), new Reply(201, ANSWER, 1))) {
            for (ProducerRecord<byte[], byte[]> record : of(input, outcome, Form.AS_ASKED)) {
                assertThat(texts(record.headers()))
                        .doesNotContainValue("77")
                        .doesNotContainEntry(WireHeaders.HTTP_STATUS, "200")
                        .doesNotContainEntry(WireHeaders.REASON, "rejected")
                        .doesNotContainEntry(WireHeaders.ERROR_MESSAGE, "made up")
                        .doesNotContainKeys(WireHeaders.LAST_ERROR, WireHeaders.SUSPICION);
            }
        }
        assertThat(texts(only(input, requeue("")).headers()))
                .doesNotContainKeys(WireHeaders.STATUS, WireHeaders.HTTP_STATUS, WireHeaders.REASON);
        assertThat(texts(of(input, dead(OptionalInt.empty(), ""), Form.AS_ASKED)
                        .get(0)
                        .headers()))
                .doesNotContainKeys(WireHeaders.STATUS, WireHeaders.HTTP_STATUS);
    }

    @Test
    void aDeadLetterHasTheRequestAndTheReason() {
        InputRecord input = input(TOPICS.retry(), headers(Map.of(WireHeaders.LAST_ERROR, "500")), 2, 4);

        ProducerRecord<byte[], byte[]> deadLetter =
                of(input, dead(OptionalInt.of(503), "503"), Form.AS_ASKED).get(0);

        assertThat(deadLetter.topic()).isEqualTo(TOPICS.dead());
        assertThat(deadLetter.partition()).isNull();
        assertThat(deadLetter.key()).isEqualTo(KEY);
        assertThat(deadLetter.value()).isEqualTo(VALUE);
        assertThat(texts(deadLetter.headers()))
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        WireHeaders.ID, "the-id",
                        WireHeaders.ENQUEUED_AT, "1000",
                        WireHeaders.ORIGIN, "chat.requests.retry-3@8",
                        WireHeaders.ATTEMPTS, "3",
                        WireHeaders.DEFERRALS, "4",
                        WireHeaders.REASON, "attempts_exhausted",
                        WireHeaders.HTTP_STATUS, "503",
                        WireHeaders.LAST_ERROR, "503",
                        WireHeaders.ERROR_MESSAGE, "words"));
    }

    @Test
    void aDeadLetterComesWithAFailedReply() {
        InputRecord input = input(TOPICS.retry(), headers(Map.of(WireHeaders.LAST_ERROR, "500")), 2, 4);

        List<ProducerRecord<byte[], byte[]>> records = of(input, dead(OptionalInt.of(503), "503"), Form.AS_ASKED);

        assertThat(records).hasSize(2);
        ProducerRecord<byte[], byte[]> reply = records.get(1);
        assertThat(reply.topic()).isEqualTo(TOPICS.replies());
        assertThat(reply.key()).isEqualTo(KEY);
        assertThat(reply.value())
                .asString(UTF_8)
                .isEqualTo("{\"error\":{\"message\":\"words\",\"type\":\"attempts_exhausted\",\"param\":null,"
                        + "\"code\":\"503\"}}");
        assertThat(texts(reply.headers()))
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        WireHeaders.ID, "the-id",
                        WireHeaders.ENQUEUED_AT, "1000",
                        WireHeaders.STATUS, "failed",
                        WireHeaders.HTTP_STATUS, "503",
                        WireHeaders.REASON, "attempts_exhausted",
                        WireHeaders.ATTEMPTS, "3",
                        WireHeaders.DEFERRALS, "4",
                        WireHeaders.QUEUED_MS, "7900",
                        WireHeaders.CALL_MS, "100"));
    }

    @Test
    void whatNobodyAwaitsHasAFailedReplyAndNoDeadLetter() {
        InputRecord input =
                input(TOPICS.retry(), headers(Map.of(WireHeaders.ABORT, "true", WireHeaders.GROUP, "g")), 2, 4);

        List<ProducerRecord<byte[], byte[]>> records =
                of(input, new Unawaited(Reason.CANCELLED, "words", 2, 0), Form.AS_ASKED);

        assertThat(records).hasSize(1);
        assertThat(records.get(0).topic()).isEqualTo(TOPICS.replies());
        assertThat(records.get(0).key()).isEqualTo(KEY);
        assertThat(records.get(0).value())
                .asString(UTF_8)
                .isEqualTo("{\"error\":{\"message\":\"words\",\"type\":\"cancelled\",\"param\":null,\"code\":null}}");
        assertThat(texts(records.get(0).headers()))
                .containsEntry(WireHeaders.STATUS, "failed")
                .containsEntry(WireHeaders.REASON, "cancelled")
                .containsEntry(WireHeaders.ATTEMPTS, "2")
                .containsEntry(WireHeaders.CALL_MS, "0")
                .containsEntry(WireHeaders.GROUP, "g")
                .doesNotContainKeys(WireHeaders.ABORT, WireHeaders.HTTP_STATUS);
    }

    @Test
    void aRequestThatDeclinesADeadLetterHasTheSameFailedReplyAlone() {
        DeadLetter dead = dead(OptionalInt.of(400), "400 t").saying(new ApiError("words", "t", "c", "p"));
        Map<String, String> declines = Map.of(WireHeaders.DEAD, "none");

        List<ProducerRecord<byte[], byte[]>> kept = of(request(Map.of()), dead, Form.AS_ASKED);
        List<ProducerRecord<byte[], byte[]>> declined = of(request(declines), dead, Form.AS_ASKED);

        assertThat(kept).hasSize(2);
        assertThat(declined).hasSize(1);
        assertThat(declined.get(0).topic()).isEqualTo(TOPICS.replies());
        assertThat(declined.get(0).value()).isEqualTo(kept.get(1).value());
        assertThat(texts(declined.get(0).headers())).isEqualTo(texts(kept.get(1).headers()));
        assertThat(of(request(Map.of(WireHeaders.DEAD, "some")), dead, Form.AS_ASKED))
                .hasSize(2);
    }

    /** Nobody reads the reply of such a request. */
    @Test
    void aReplyThatCannotGoWhereItShouldHasItsDeadLetterAllTheSame() {
        DeadLetter refused = new DeadLetter(Reason.REPLY_TOPIC_REFUSED, OptionalInt.empty(), "words", 0, "", 0);

        List<ProducerRecord<byte[], byte[]>> records =
                of(request(Map.of(WireHeaders.DEAD, "none")), refused, Form.OWN_REPLY_TOPIC);

        assertThat(records).extracting(ProducerRecord::topic).containsExactly(TOPICS.dead(), TOPICS.replies());
    }

    @Test
    void theApisOwnWordsAreInTheDeadLetterAndTheFailedReply() {
        DeadLetter dead = dead(OptionalInt.of(400), "400 t")
                .saying(new ApiError("words", "t", "context_length_exceeded", "messages.0.content"));

        List<ProducerRecord<byte[], byte[]>> records = of(request(Map.of()), dead, Form.AS_ASKED);

        assertThat(texts(records.get(0).headers()))
                .containsEntry(WireHeaders.ERROR_MESSAGE, "words")
                .containsEntry(WireHeaders.ERROR_TYPE, "t")
                .containsEntry(WireHeaders.ERROR_CODE, "context_length_exceeded")
                .containsEntry(WireHeaders.ERROR_PARAM, "messages.0.content");
        assertThat(records.get(1).value())
                .asString(UTF_8)
                .isEqualTo("{\"error\":{\"message\":\"words\",\"type\":\"t\",\"param\":\"messages.0.content\","
                        + "\"code\":\"context_length_exceeded\"}}");
    }

    @Test
    void aBareDeadLetterOnlySaysWhereTheRequestLies() {
        List<ProducerRecord<byte[], byte[]>> records =
                of(request(Map.of("x-huge", "y".repeat(100))), dead(OptionalInt.empty(), "timeout"), Form.BARE);

        assertThat(records).hasSize(2).allSatisfy(record -> {
            assertThat(record.key()).isNull();
            assertThat(texts(record.headers()))
                    .containsEntry(WireHeaders.ID, "the-id")
                    .doesNotContainKey("x-huge");
        });
        assertThat(records.get(0).topic()).isEqualTo(TOPICS.dead());
        assertThat(records.get(0).value()).isNull();
        assertThat(texts(records.get(0).headers())).containsEntry(WireHeaders.ORIGIN, "chat.requests-3@8");
        assertThat(texts(records.get(1).headers())).containsEntry(WireHeaders.STATUS, "failed");
    }

    @Test
    void aRequestThatIsHeldCannotBeSettled() {
        assertThatThrownBy(() -> of(request(Map.of()), new Hold("no key"), Form.AS_ASKED))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("chat.requests-3@8");
    }

    @Test
    void aReplyThatIsTooLargeBecomesADeadLetterAndThenABareOne() {
        Settlement reply = settlement(request(Map.of()), new Reply(200, ANSWER, 12), Form.AS_ASKED);

        Settlement deadLetter = reply.afterRejection(new RecordTooLargeException("big"), TOPICS.all());
        Settlement bare = deadLetter.afterRejection(new RecordTooLargeException("still big"), TOPICS.all());

        assertThat(deadLetter.form()).isEqualTo(Form.AS_ASKED);
        assertThat(deadLetter.outcome()).isInstanceOfSatisfying(DeadLetter.class, dead -> {
            assertThat(dead.reason()).isEqualTo(Reason.TOO_LARGE);
            assertThat(dead.httpStatus()).hasValue(200);
            assertThat(dead.callMillis()).isEqualTo(12);
        });
        assertThat(bare.isBare()).isTrue();
        assertThat(bare.outcome()).isEqualTo(deadLetter.outcome());
        assertThat(bare.key()).isNull();
    }

    @Test
    void aReplyThatIsForbiddenBecomesADeadLetterOnTheOwnReplyTopic() {
        Settlement reply = settlement(request(Map.of()), new Reply(200, ANSWER, 12), Form.AS_ASKED);

        Settlement deadLetter =
                reply.afterRejection(new TopicAuthorizationException(Set.of("app.answers")), TOPICS.all());

        assertThat(deadLetter.form()).isEqualTo(Form.OWN_REPLY_TOPIC);
        assertThat(deadLetter.outcome())
                .isInstanceOfSatisfying(
                        DeadLetter.class, dead -> assertThat(dead.reason()).isEqualTo(Reason.REPLY_TOPIC_REFUSED));
    }

    private List<ProducerRecord<byte[], byte[]>> of(InputRecord input, Outcome outcome, Form form) {
        return outputRecords.of(settlement(input, outcome, form), OWN_REPLIES);
    }

    private ProducerRecord<byte[], byte[]> only(InputRecord input, Outcome outcome) {
        List<ProducerRecord<byte[], byte[]>> records = of(input, outcome, Form.AS_ASKED);
        assertThat(records).hasSize(1);
        return records.get(0);
    }

    private static Settlement settlement(InputRecord input, Outcome outcome, Form form) {
        return new Settlement(input, outcome, form, ENDED);
    }

    private static Requeue requeue(String lastError) {
        return new Requeue(Optional.empty(), 70, 1, 0, lastError);
    }

    private static DeadLetter dead(OptionalInt httpStatus, String lastError) {
        return new DeadLetter(Reason.ATTEMPTS_EXHAUSTED, httpStatus, "words", 3, lastError, 100);
    }

    static List<String> topicsOfProducers() {
        return TOPICS.fromProducers();
    }

    private static InputRecord request(Map<String, String> headers) {
        return published(TOPICS.requests(), headers);
    }

    private static InputRecord published(String topic, Map<String, String> headers) {
        return input(topic, headers(headers), 0, 0);
    }

    private static RecordHeaders headers(Map<String, String> texts) {
        RecordHeaders headers = new RecordHeaders();
        texts.forEach((name, value) -> headers.add(name, value.getBytes(UTF_8)));
        return headers;
    }

    private static InputRecord input(String topic, RecordHeaders headers, int attempts, int deferrals) {
        ConsumerRecord<byte[], byte[]> consumed = new ConsumerRecord<>(
                topic,
                PARTITION,
                8,
                ENQUEUED,
                TimestampType.CREATE_TIME,
                KEY.length,
                VALUE.length,
                KEY,
                VALUE,
                headers,
                Optional.empty());
        Assignment assignment = new Assignment(new TopicPartition(topic, PARTITION));
        return new InputRecord(assignment, consumed, "the-id", attempts, deferrals, ENQUEUED, 0, Long.MAX_VALUE);
    }

    /** Returns the headers as text and asserts that none is there twice. */
    private static Map<String, String> texts(Headers headers) {
        Map<String, String> texts = new LinkedHashMap<>();
        Arrays.stream(headers.toArray())
                .forEach(header -> assertThat(texts.put(header.key(), new String(header.value(), UTF_8)))
                        .as("header %s is there once", header.key())
                        .isNull());
        return texts;
    }
}
