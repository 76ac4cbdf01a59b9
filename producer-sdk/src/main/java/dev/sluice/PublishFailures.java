package dev.sluice;

import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Explains why a request was not published and what helps. It is immutable. */
final class PublishFailures {
    private final QueueSettings settings;

    PublishFailures(QueueSettings settings) {
        this.settings = settings;
    }

    /**
     * Explains the failure of one request.
     *
     * @param bytes the size of the body that was to be sent
     */
    ChatQueueException explain(String topic, String id, int bytes, Throwable cause) {
        String what = "request " + id + " was not published to topic " + topic + ": ";
        return new ChatQueueException(what + because(bytes, cause), cause);
    }

    /**
     * Explains a failure after the close. The producer's own message does not help then, but {@code closeTimeout()}
     * does.
     */
    ChatQueueException closed(String topic, String id, Throwable cause) {
        return new ChatQueueException(
                "request " + id + " was not published to topic " + topic
                        + ": the queue was closed before Kafka had accepted it; submit it again with another queue, or"
                        + " raise closeTimeout(), " + settings.closeTimeout(),
                cause);
    }

    /** Explains a failure of the topic check that precedes the first request. */
    ChatQueueException explain(String topic, Throwable cause) {
        return new ChatQueueException("nothing can be published to topic " + topic + ": " + because(0, cause), cause);
    }

    private String because(int bytes, Throwable cause) {
        if (cause instanceof UnknownTopicOrPartitionException) {
            return "the topic does not exist; run `sluice topics create --topic " + settings.base() + "`";
        } else if (cause instanceof RecordTooLargeException) {
            return "its body of " + bytes + " bytes is too large with its headers. This queue takes records of "
                    + settings.maxRequestBytes() + " bytes, the topic those of its max.message.bytes; send less, or"
                    + " raise both maxBodyBytes() and the topic's limit (" + cause.getMessage() + ")";
        } else if (cause instanceof AuthorizationException) {
            return "not allowed; grant this client's user WRITE on the topic (" + cause.getMessage() + ")";
        } else if (cause instanceof AuthenticationException) {
            return "Kafka rejected the credentials; check the sasl.* and ssl.* properties (" + cause.getMessage() + ")";
        } else if (cause instanceof BufferExhaustedException) { // a TimeoutException too, so it comes first
            return "the producer's buffer (buffer.memory) stayed full for "
                    + settings.maxBlock().toMillis()
                    + " ms (max.block.ms): Kafka takes requests more slowly than they come, or not at all; check that"
                    + " it can be reached, send more slowly, or raise either";
        } else if (cause instanceof TimeoutException) {
            return "no answer from Kafka at " + settings.bootstrapServers() + " in time; check that it runs and can be"
                    + " reached (" + cause.getMessage() + ")";
        } else if (cause instanceof InterruptException) {
            return "the thread was interrupted";
        }
        return String.valueOf(cause.getMessage());
    }
}
