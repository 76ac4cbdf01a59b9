package dev.sluice.worker;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.intake.Request;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;

/** Makes requests as intake hands them on. Immutable. Every {@code with} method returns a changed copy. */
public record Requests(
        Assignment assignment,
        long offset,
        String model,
        byte[] body,
        RecordHeaders headers,
        int attempts,
        int deferrals,
        long enqueuedAt,
        long notBefore,
        long expiresAt) {
    public static final Assignment ASSIGNMENT = assigned();

    public static Assignment assigned() {
        return new Assignment(new TopicPartition("chat", 0));
    }

    public static Requests ofModel(String model) {
        return new Requests(
                ASSIGNMENT, 0, model, body(model, "hello"), new RecordHeaders(), 0, 0, 0, 0, Long.MAX_VALUE);
    }

    public static byte[] body(String model, String text) {
        return """
                {"model": "%s",  "messages": [{"role": "user", "content": "%s"}]}
                """.formatted(model, text).getBytes(UTF_8);
    }

    public Requests under(Assignment other) {
        return new Requests(other, offset, model, body, headers, attempts, deferrals, enqueuedAt, notBefore, expiresAt);
    }

    public Requests at(long other) {
        return new Requests(
                assignment, other, model, body, headers, attempts, deferrals, enqueuedAt, notBefore, expiresAt);
    }

    public Requests saying(String text) {
        return withBody(body(model, text));
    }

    public Requests withBody(byte[] other) {
        return new Requests(
                assignment, offset, model, other, headers, attempts, deferrals, enqueuedAt, notBefore, expiresAt);
    }

    public Requests withHeader(String name, String value) {
        Headers more = new RecordHeaders(headers).add(name, value.getBytes(UTF_8));
        return new Requests(
                assignment,
                offset,
                model,
                body,
                (RecordHeaders) more,
                attempts,
                deferrals,
                enqueuedAt,
                notBefore,
                expiresAt);
    }

    public Requests ofTenant(String tenant) {
        return withHeader(WireHeaders.TENANT, tenant);
    }

    public Requests counted(int newAttempts, int newDeferrals) {
        return new Requests(
                assignment, offset, model, body, headers, newAttempts, newDeferrals, enqueuedAt, notBefore, expiresAt);
    }

    public Requests timed(long newEnqueuedAt, long newNotBefore, long newExpiresAt) {
        return new Requests(
                assignment,
                offset,
                model,
                body,
                headers,
                attempts,
                deferrals,
                newEnqueuedAt,
                newNotBefore,
                newExpiresAt);
    }

    public Request build() {
        InputRecord input = input();
        return new Request(input, model, input.header(WireHeaders.TENANT).orElse(""), 0, 1);
    }

    public InputRecord input() {
        TopicPartition partition = assignment.partition();
        ConsumerRecord<byte[], byte[]> consumed = new ConsumerRecord<>(
                partition.topic(),
                partition.partition(),
                offset,
                enqueuedAt,
                TimestampType.CREATE_TIME,
                -1,
                body.length,
                null,
                body,
                headers,
                Optional.empty());
        return new InputRecord(
                assignment, consumed, "id-" + offset, attempts, deferrals, enqueuedAt, notBefore, expiresAt);
    }
}
