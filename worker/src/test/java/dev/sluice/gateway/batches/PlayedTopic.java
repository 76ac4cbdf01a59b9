package dev.sluice.gateway.batches;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.ChatReply;
import dev.sluice.wire.Reason;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.batch.BatchLine;
import dev.sluice.worker.batch.BatchQueue;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * The queue of batches in memory, to which several doors connect. Of these one runs the batches, as the test says.
 * As on Kafka, what another one publishes or commits is rejected.
 */
final class PlayedTopic {
    /** The ids of the requests in the order in which they were published. */
    final List<String> published = new ArrayList<>();

    final List<Envelope> envelopes = new ArrayList<>();
    final List<String> cancelled = new ArrayList<>();
    final Set<Integer> tooLarge = new HashSet<>();
    private final List<Entry> log = new ArrayList<>();
    private int committed;
    private int epoch;

    record Envelope(BatchQueue.Envelope envelope, List<BatchLine> lines) {}

    private record Entry(BatchQueue.Place place, @Nullable ChatReply reply) {}

    /** Thrown as by a producer whose transactional id another one has. */
    static final class FencedException extends RuntimeException {}

    /** Thrown where a door dies. */
    static final class KilledException extends RuntimeException {}

    Connection open() {
        return new Connection();
    }

    void ok(String id) {
        String body =
                "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"re " + id + "\"}}]}";
        reply(id, WireHeaders.OK, 200, null, body);
    }

    /** Replies with an answer that says how many tokens it has taken: so many in, and one more out. */
    void ok(String id, int tokens) {
        String usage = "{\"prompt_tokens\":" + tokens + ",\"completion_tokens\":" + (tokens + 1)
                + ",\"total_tokens\":" + (2 * tokens + 1) + ",\"prompt_tokens_details\":{\"cached_tokens\":3}"
                + ",\"completion_tokens_details\":{\"reasoning_tokens\":2}}";
        reply(id, WireHeaders.OK, 200, null, "{\"choices\":[],\"usage\":" + usage + "}");
    }

    void failed(String id, int status, Reason reason) {
        reply(id, WireHeaders.FAILED, status, reason, "{\"error\":{\"message\":\"no\",\"type\":\"t\"}}");
    }

    private void reply(String id, String status, int httpStatus, @Nullable Reason reason, String body) {
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>("r", 0, log.size(), null, body.getBytes(UTF_8));
        WireHeaders.set(record.headers(), WireHeaders.ID, id);
        WireHeaders.set(record.headers(), WireHeaders.STATUS, status);
        if (httpStatus > 0) {
            WireHeaders.set(record.headers(), WireHeaders.HTTP_STATUS, httpStatus);
        }
        if (reason != null) {
            WireHeaders.set(record.headers(), WireHeaders.REASON, reason.word());
        }
        log.add(new Entry(BatchQueue.Place.of(id).orElseThrow(), ChatReply.from(record)));
    }

    /** One door's connection. */
    final class Connection implements BatchQueue {
        private int mine = -1;
        private int told = -1;
        private int position;
        private int target;
        /** The most records of one poll. */
        int most = Integer.MAX_VALUE;
        /** Decides at each send whether the door dies when Kafka has taken the lines. */
        BooleanSupplier diesAtSend = () -> false;

        /** Has the group choose this door. */
        void choose() {
            epoch++;
            mine = epoch;
        }

        private boolean isOwner() {
            return mine == epoch;
        }

        @Override
        public void poll(Duration timeout, boolean takesRecords, Listener listener) throws IOException {
            if (told >= 0 && told != epoch) {
                told = -1;
                listener.lost();
            }
            if (!isOwner()) {
                return;
            }
            if (told != mine) {
                told = mine;
                position = committed;
                target = log.size();
                listener.takenOver();
                return;
            }
            for (int count = 0; takesRecords && count < most && position < log.size(); count++) {
                Entry entry = log.get(position++);
                if (entry.reply() == null) {
                    listener.sent(entry.place().batch(), entry.place().line());
                } else {
                    listener.replied(entry.place().batch(), entry.place().line(), entry.reply());
                }
            }
        }

        @Override
        public boolean isCaughtUp() {
            return isOwner() && position >= target;
        }

        @Override
        public int send(BatchQueue.Envelope envelope, List<BatchLine> lines) {
            requireOwner();
            int count = 0;
            while (count < lines.size() && !tooLarge.contains(lines.get(count).number())) {
                published.add(
                        BatchQueue.requestId(envelope.batch(), lines.get(count).number()));
                count++;
            }
            if (count > 0) {
                envelopes.add(new PlayedTopic.Envelope(envelope, lines.subList(0, count)));
                log.add(new Entry(
                        new Place(envelope.batch(), lines.get(count - 1).number()), null));
            }
            if (diesAtSend.getAsBoolean()) {
                throw new KilledException();
            }
            return count;
        }

        @Override
        public void cancel(String batch) {
            requireOwner();
            cancelled.add(batch);
        }

        private void requireOwner() {
            if (!isOwner()) {
                throw new FencedException();
            }
        }

        @Override
        public void commit() {
            if (isOwner()) {
                committed = position;
            }
        }

        @Override
        public void close() {
            mine = -1;
        }
    }
}
