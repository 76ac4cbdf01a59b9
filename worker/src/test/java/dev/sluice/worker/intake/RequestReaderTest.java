package dev.sluice.worker.intake;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Reason;
import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestReaderTest {
    private static final Topics TOPICS = new Topics("chat");
    private static final String GOOD = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
    private static final int MAX_BYTES = 1_000;
    private static final long APPENDED_AT = 1_000;

    private static final SettableClock CLOCK = new SettableClock(1_800_000_000_000L);

    private final RequestReader reader = new RequestReader(
            TOPICS,
            MAX_BYTES,
            new ReplyTopics(TOPICS, List.of(Pattern.compile("team-.*"), Pattern.compile("chat.*"))),
            CLOCK);

    /** Otherwise some hundred bytes of body could bring a megabyte with them that is not counted. */
    @Test
    void headersWeighLikeTheValue() {
        long without =
                read(TOPICS.requests(), GOOD, new RecordHeaders()).input().weight();
        RecordHeaders headers = new RecordHeaders();
        headers.add("x-large", new byte[500_000]);
        headers.add("x-".repeat(1_000), new byte[0]);
        headers.add("x-null", null);

        long with = read(TOPICS.requests(), GOOD, headers).input().weight();

        assertThat(with - without).isBetween(502_000L, 503_000L);
    }

    /** A header of a byte takes some three bytes on the wire and a hundred in memory. */
    @Test
    void manySmallHeadersWeighWhatTheyTakeInMemory() {
        RecordHeaders headers = new RecordHeaders();
        for (int i = 0; i < 10_000; i++) {
            headers.add("x", new byte[1]);
        }

        assertThat(read(TOPICS.requests(), GOOD, headers).input().weight()).isGreaterThan(1_000_000);
    }

    @Test
    void readsTheFieldsThatRoutingAndPacingNeed() {
        String body = "{\"n\":3,\"tools\":[{\"model\":\"decoy\"}],\"max_tokens\":70,\"messages\":[],\"model\":\"a/b\"}";

        Request request = readable(read(TOPICS.requests(), body, new RecordHeaders()));

        assertThat(request.model()).isEqualTo("a/b");
        assertThat(request.maxTokens()).isEqualTo(70);
        assertThat(request.choices()).isEqualTo(3);
        assertThat(request.body()).isEqualTo(body.getBytes(UTF_8));
        assertThat(request.input().id()).isEqualTo("chat.requests-2@17");
        assertThat(request.input().enqueuedAt()).isEqualTo(APPENDED_AT);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"model\":                                          | not valid JSON",
                "``                                                   | no object",
                "[1]                                                  | no object",
                "\"text\"                                             | no object",
                "{\"model\":\"m\",\"messages\":[]} {}                 | behind its JSON object",
                "{\"messages\":[]}                                    | names no model",
                "{\"model\":\" \",\"messages\":[]}                    | names no model",
                "{\"model\":7,\"messages\":[]}                        | names no model",
                "{\"model\":\"m\"}                                    | has no messages",
                "{\"model\":\"m\",\"messages\":\"hi\"}                | has no messages",
            })
    void refusesABodyThatIsNoChatRequest(String body, String problem) {
        ParsedRecord parsed = read(TOPICS.requests(), body, new RecordHeaders());

        assertThat(refused(parsed).reason()).isEqualTo(Reason.INVALID_REQUEST);
        assertThat(refused(parsed).problem()).contains(problem);
    }

    @Test
    void refusesNestingBeyondTheParsersLimit() {
        String deep = "{\"messages\":" + "[".repeat(900);

        assertThat(refused(read(TOPICS.requests(), deep, new RecordHeaders())).problem())
                .contains("nested too deeply");
    }

    @Test
    void refusesANullValue() {
        assertThat(refused(read(TOPICS.requests(), null, new RecordHeaders())).problem())
                .contains("no value");
    }

    @Test
    void refusesABodyAboveTheBoundWithoutParsingIt() {
        ParsedRecord parsed = read(TOPICS.requests(), "{".repeat(MAX_BYTES + 1), headers(WireHeaders.ID, "mine"));

        assertThat(refused(parsed).reason()).isEqualTo(Reason.TOO_LARGE);
        assertThat(refused(parsed).problem()).contains("1001", "1000", "--max-request-bytes");
        assertThat(parsed.input().id()).isEqualTo("mine");
    }

    @Test
    void keepsTheValueOfARefusedRequestOnlyIfADeadLetterCanCarryIt() {
        RecordHeaders headers = headers(WireHeaders.TENANT, "t");

        InputRecord carried = readBytes(TOPICS.requests(), new byte[RequestReader.MAX_DEAD_LETTER_BYTES], headers)
                .input();
        InputRecord light = readBytes(TOPICS.requests(), new byte[RequestReader.MAX_DEAD_LETTER_BYTES + 1], headers)
                .input();

        assertThat(carried.value()).hasSize(RequestReader.MAX_DEAD_LETTER_BYTES);
        assertThat(light.value()).isNull();
        assertThat(light.weight()).isLessThan(1_000);
        assertThat(light.header(WireHeaders.TENANT)).contains("t");
        assertThat(light.offset()).isEqualTo(carried.offset());
    }

    @Test
    void acceptsABodyAtTheBound() {
        String body = GOOD + " ".repeat(MAX_BYTES - GOOD.length() - 1) + "\n";

        assertThat(readBytes(TOPICS.requests(), body.getBytes(UTF_8), new RecordHeaders()))
                .isInstanceOf(ParsedRecord.Ready.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "soon", "-1", "1.5", "9999999999999999999", "0x10", " 5"})
    void refusesAHeaderThatIsNoNumber(String value) {
        ParsedRecord parsed = read(TOPICS.requests(), GOOD, headers(WireHeaders.NOT_BEFORE, value));

        assertThat(refused(parsed).problem()).contains(WireHeaders.NOT_BEFORE);
    }

    @ParameterizedTest
    @ValueSource(
            longs = {1_800_000_000_000L + 10 * 366 * 86_400_000L, 1_800_000_000_000_000L, 999_999_999_999_999_999L})
    void refusesANotBeforeMoreThanTenYearsAhead(long notBefore) {
        for (String topic : List.of(TOPICS.requests(), TOPICS.retry())) {
            ParsedRecord parsed = read(topic, GOOD, headers(WireHeaders.NOT_BEFORE, Long.toString(notBefore)));

            assertThat(refused(parsed).reason()).isEqualTo(Reason.INVALID_REQUEST);
            assertThat(refused(parsed).problem()).contains("ten years", Long.toString(notBefore));
        }
    }

    @Test
    void takesANotBeforeOfAlmostTenYearsEvenIfTheHostsClockIsDecadesBehind() {
        RecordHeaders ahead = headers(WireHeaders.NOT_BEFORE, Long.toString(1_800_000_000_000L + 3_650 * 86_400_000L));
        CLOCK.pass(Duration.ofSeconds(-1_799_999_000L));
        ParsedRecord parsed = readAt(1_800_000_000_000L, GOOD.getBytes(UTF_8), ahead);
        CLOCK.pass(Duration.ofSeconds(1_799_999_000L));

        assertThat(parsed).isInstanceOf(ParsedRecord.Ready.class);
        assertThat(readAt(1_000, GOOD.getBytes(UTF_8), ahead)).isInstanceOf(ParsedRecord.Ready.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "10m", "600", "PT0S", "PT-5M", "-PT5M", "PT", "PT99999999999999999999S", "yes"})
    void refusesACacheHeaderThatIsNoDuration(String value) {
        ParsedRecord parsed = read(TOPICS.requests(), GOOD, headers(WireHeaders.CACHE, value));

        assertThat(refused(parsed).reason()).isEqualTo(Reason.INVALID_REQUEST);
        assertThat(refused(parsed).problem()).contains(WireHeaders.CACHE, "'" + value + "'", "PT10M");
    }

    @Test
    void quotesOnlyTheBeginningOfALongCacheHeader() {
        ParsedRecord parsed =
                read(TOPICS.requests(), GOOD, headers(WireHeaders.CACHE, "PT" + "9".repeat(100_000) + "S"));

        assertThat(refused(parsed).problem()).hasSizeLessThan(200).contains("PT999");
    }

    @Test
    void readsTheMaximumAgeOfAnAnswer() {
        InputRecord asking = read(TOPICS.requests(), GOOD, headers(WireHeaders.CACHE, "PT1H0.5S"))
                .input();
        InputRecord plain = read(TOPICS.requests(), GOOD, new RecordHeaders()).input();

        assertThat(asking.cacheFor()).contains(Duration.ofMillis(3_600_500));
        assertThat(plain.cacheFor()).isEmpty();
    }

    @Test
    void refusesAnInvalidIdAndNamesTheRequestByItsOffset() {
        ParsedRecord parsed = read(TOPICS.requests(), GOOD, headers(WireHeaders.ID, "i".repeat(10_000)));

        assertThat(refused(parsed).problem()).contains(WireHeaders.ID).contains("10000");
        assertThat(parsed.input().id()).isEqualTo("chat.requests-2@17");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "abc", "abcde"})
    void refusesAReplyPartitionOfTheWrongLength(String value) {
        ParsedRecord parsed = read(TOPICS.requests(), GOOD, headers(WireHeaders.REPLY_PARTITION, value));

        assertThat(refused(parsed).problem()).contains(WireHeaders.REPLY_PARTITION);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"elsewhere", "chat.requests", "chat.requests.retry", "chat.requests.dead", "chat.workers", "team"
            })
    void refusesAReplyTopicThatIsNotAllowedOrIsAnInput(String topic) {
        ParsedRecord parsed = read(TOPICS.requests(), GOOD, headers(WireHeaders.REPLY_TOPIC, topic));

        assertThat(refused(parsed).reason()).isEqualTo(Reason.REPLY_TOPIC_REFUSED);
        assertThat(refused(parsed).problem()).contains(topic).contains("--reply-topics");
    }

    @ParameterizedTest
    @ValueSource(strings = {"chat.replies", "chat.replies.door", "chat.replies.batches", "team-a", "chat-answers"})
    void allowsTheQueuesRepliesAndTopicsThatMatchAPattern(String topic) {
        assertThat(read(TOPICS.requests(), GOOD, headers(WireHeaders.REPLY_TOPIC, topic)))
                .isInstanceOf(ParsedRecord.Ready.class);
    }

    @Test
    void trustsCountersOfWorkersOnly() {
        RecordHeaders headers = headers(WireHeaders.ATTEMPTS, "4");
        headers.add(WireHeaders.DEFERRALS, "9".getBytes(UTF_8));
        headers.add(WireHeaders.ENQUEUED_AT, "5".getBytes(UTF_8));

        InputRecord published = read(TOPICS.requests(), GOOD, new RecordHeaders(headers.toArray()))
                .input();
        InputRecord requeued = read(TOPICS.retry(), GOOD, headers).input();

        assertThat(List.of(published.attempts(), published.deferrals(), (int) published.enqueuedAt()))
                .containsExactly(0, 0, (int) APPENDED_AT);
        assertThat(List.of(requeued.attempts(), requeued.deferrals(), (int) requeued.enqueuedAt()))
                .containsExactly(4, 9, 5);
    }

    @Test
    void believesTheCountersOfNoProducer() {
        RecordHeaders headers = headers(WireHeaders.ATTEMPTS, "4");
        headers.add(WireHeaders.DEFERRALS, "9".getBytes(UTF_8));
        headers.add(WireHeaders.ENQUEUED_AT, "5".getBytes(UTF_8));

        InputRecord express = read(TOPICS.express(), GOOD, headers).input();

        assertThat(List.of(express.attempts(), express.deferrals(), (int) express.enqueuedAt()))
                .containsExactly(0, 0, (int) APPENDED_AT);
    }

    /** The right to publish express requests is one to their topic, so that a header gives nobody anything. */
    @Test
    void aRequestIsExpressByItsTopicAndByWhatWorkersHaveWritten() {
        RecordHeaders express = headers(WireHeaders.PRIORITY, WireHeaders.EXPRESS);
        String tier = TOPICS.delay(Topics.Tier.ONE_HOUR);

        assertThat(isExpress(TOPICS.express(), new RecordHeaders())).isTrue();
        assertThat(isExpress(TOPICS.express(), headers(WireHeaders.PRIORITY, "low")))
                .isTrue();
        assertThat(isExpress(TOPICS.requests(), new RecordHeaders())).isFalse();
        assertThat(isExpress(TOPICS.requests(), express)).isFalse();
        assertThat(isExpress(TOPICS.retry(), express)).isTrue();
        assertThat(isExpress(tier, express)).isTrue();
        assertThat(isExpress(TOPICS.retry(), new RecordHeaders())).isFalse();
        assertThat(isExpress(tier, headers(WireHeaders.PRIORITY, "EXPRESS"))).isFalse();
    }

    private boolean isExpress(String topic, RecordHeaders headers) {
        return readable(read(topic, GOOD, headers)).isExpress();
    }

    /** The API says what these mean. They must not do anything to the worker. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "\uFEFF{'model':'m','messages':[]}",
                "{'model':'m','messages':[],'messages':[],'n':2,'n':1}",
                "{'model':'x','model':'m','messages':[]}",
                "{'model':'m','messages':[],'max_tokens':-9223372036854775808,'n':-5}",
                "{'model':'m','messages':[],'max_tokens':9223372036854775808,'n':1e999999999}",
                "{'model':'m','messages':[],'max_tokens':1e-999999999,'n':null,'stream':null}",
                "{'model':'m','messages':[],'stream':'true','stream':0}",
                "{'':{'':{'':[[[]]]}},'model':'m','messages':[]}",
                "{'model':'m','messages':[],'x':'\\ud800\\u0000\\u202e'}",
            })
    void readsOddBodiesThatTheApiMayTake(String body) {
        ParsedRecord parsed = read(TOPICS.requests(), body.replace('\'', '"'), new RecordHeaders());

        assertThat(readable(parsed).model()).isEqualTo("m");
        assertThat(readable(parsed).choices()).isBetween(1, 1_024);
        assertThat(readable(parsed).maxTokens()).isNotNegative();
    }

    @Test
    void refusesBodiesThatNoParserTakes() {
        String number = "{\"model\":\"m\",\"messages\":[],\"max_tokens\":" + "9".repeat(5_000) + "}";
        String name = "{\"" + "x".repeat(60_000) + "\":1,\"model\":\"m\",\"messages\":[]}";
        byte[] noUtf8 = GOOD.replace("hi", "\u00ff").getBytes(ISO_8859_1);
        List<byte[]> bodies = List.of(number.getBytes(UTF_8), name.getBytes(UTF_8), noUtf8, new byte[100]);

        for (byte[] body : bodies) {
            ParsedRecord parsed = new RequestReader(TOPICS, 1 << 20, new ReplyTopics(TOPICS, List.of()), CLOCK)
                    .read(new Assignment(new TopicPartition(TOPICS.requests(), 2)), record(body));

            assertThat(refused(parsed).reason()).isEqualTo(Reason.INVALID_REQUEST);
            assertThat(refused(parsed).problem()).contains("not valid JSON").hasSizeLessThan(200);
        }
    }

    @Test
    void readsTenThousandHeadersOfOneNameAndTakesTheLast() {
        RecordHeaders headers = new RecordHeaders();
        for (int i = 0; i < 10_000; i++) {
            headers.add(WireHeaders.TENANT, null);
            headers.add(WireHeaders.ID, Integer.toString(i).getBytes(UTF_8));
        }

        assertThat(read(TOPICS.requests(), GOOD, headers).input().id()).isEqualTo("9999");
    }

    @Test
    void headersWithoutAValueCountAsAbsent() {
        RecordHeaders headers = new RecordHeaders();
        for (String name : List.of(
                WireHeaders.ID,
                WireHeaders.TENANT,
                WireHeaders.NOT_BEFORE,
                WireHeaders.EXPIRES_AT,
                WireHeaders.CACHE,
                WireHeaders.REPLY_TOPIC,
                WireHeaders.REPLY_PARTITION,
                WireHeaders.CORRELATION_ID,
                WireHeaders.TRACEPARENT,
                "")) {
            headers.add(name, null);
        }

        Request request = readable(read(TOPICS.requests(), GOOD, headers));

        assertThat(request.input().id()).isEqualTo("chat.requests-2@17");
        assertThat(request.input().cacheFor()).isEmpty();
        assertThat(request.input().notBefore()).isZero();
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, Long.MIN_VALUE, 0, Long.MAX_VALUE})
    void anyTimestampOfAProducerGivesAUsableAge(long timestamp) {
        InputRecord input =
                readAt(timestamp, GOOD.getBytes(UTF_8), new RecordHeaders()).input();

        assertThat(input.enqueuedAt()).isNotNegative();
        assertThat(input.deadline(Duration.ofDays(1).toMillis())).isPositive();
        assertThat(input.deadline(Long.MAX_VALUE)).isEqualTo(Long.MAX_VALUE);
    }

    private ParsedRecord read(String topic, @Nullable String body, RecordHeaders headers) {
        return readBytes(topic, body == null ? null : body.strip().getBytes(UTF_8), headers);
    }

    private ParsedRecord readBytes(String topic, byte @Nullable [] value, RecordHeaders headers) {
        return readAt(topic, APPENDED_AT, value, headers);
    }

    private ParsedRecord readAt(long appendedAt, byte @Nullable [] value, RecordHeaders headers) {
        return readAt(TOPICS.requests(), appendedAt, value, headers);
    }

    private ParsedRecord readAt(String topic, long appendedAt, byte @Nullable [] value, RecordHeaders headers) {
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>(
                topic,
                2,
                17,
                appendedAt,
                TimestampType.LOG_APPEND_TIME,
                -1,
                10,
                null,
                value,
                headers,
                Optional.empty());
        return reader.read(new Assignment(new TopicPartition(topic, 2)), record);
    }

    private static ConsumerRecord<byte[], byte[]> record(byte[] value) {
        return new ConsumerRecord<>(TOPICS.requests(), 2, 17, null, value);
    }

    private static RecordHeaders headers(String name, String value) {
        RecordHeaders headers = new RecordHeaders();
        headers.add(name, value.getBytes(UTF_8));
        return headers;
    }

    private static Request readable(ParsedRecord record) {
        assertThat(record).isInstanceOf(ParsedRecord.Ready.class);
        return ((ParsedRecord.Ready) record).request();
    }

    private static ParsedRecord.Refused refused(ParsedRecord record) {
        assertThat(record).isInstanceOf(ParsedRecord.Refused.class);
        return (ParsedRecord.Refused) record;
    }
}
