package dev.sluice.trials.chaos.plan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;

/**
 * Draws random requests. The same seed draws the same requests. Most are of several models and tenants, in uneven
 * shares. A third is of one tenant and the model with the lowest limit, and comes in a few large bursts. Each of them
 * waits in one partition with others behind it. A tenth of all is cancelled. Not thread-safe.
 */
public final class RequestMix {
    /** The model whose limit makes its requests wait. */
    public static final String LIMITED = "chaos/limited";

    private static final List<String> MODELS =
            List.of("chaos/large", "chaos/large", "chaos/large", "chaos/small", "chaos/small", "chaos/rare", LIMITED);
    private static final List<String> TENANTS = List.of("chat", "chat", "chat", "search", "search", "");
    private static final String BULK_TENANT = "bulk";
    /** One of so many requests is of the tenant whose bursts are large. */
    private static final int REQUESTS_PER_BULK = 3;

    private static final int BULK_BURST = 300;
    /** The share of the time, at its beginning, in which the large bursts come. */
    private static final double BULK_TIME = 0.4;

    /** The size of a burst. One of 200 draws is a burst, so a sixth of all requests come in bursts and form queues. */
    private static final int BURST = 40;

    private static final int DRAWS_PER_BURST = 200;

    /** One of so many requests is express, those of the large bursts apart. */
    private static final int DRAWS_PER_EXPRESS = 6;

    /** One of so many requests is cancelled. */
    private static final int DRAWS_PER_CANCEL = 10;

    /** The longest time from the publishing of a request to its cancellation. */
    private static final int LATEST_CANCEL = 12_000;

    /** The share of the time, at its end, that is free of requests that fail slowly. */
    private static final double QUIET_TAIL = 0.4;

    private static final List<String> PASSING_FAULTS = List.of(
            "status=503 times=1",
            "status=500 times=2",
            "status=429 reset=0.5 times=2",
            "cut times=1",
            "cut-body times=1",
            "status=502 times=1",
            "latency=4s times=1",
            "latency=7s times=1",
            "hang times=1");
    private static final List<String> INVALID_BODIES = List.of(
            "%s is no JSON",
            "[\"%s\"]",
            "{\"messages\":[{\"role\":\"user\",\"content\":\"%s without a model\"}]}",
            "{\"model\":\"chaos/large\",\"prompt\":\"%s without messages\"}",
            "{\"model\":\" \",\"messages\":[{\"role\":\"user\",\"content\":\"%s with a blank model\"}]}",
            "");

    private final Random random;
    private final int partitions;
    private int drawn;

    /** Makes a mix that draws from this seed and numbers the ids from {@code firstNumber}. */
    public RequestMix(long seed, int partitions, int firstNumber) {
        this.random = new Random(seed);
        this.partitions = partitions;
        this.drawn = firstNumber;
    }

    /** Draws that many requests over that time, in the order in which they are to be published. */
    public List<PlannedRequest> over(int count, long millis) {
        int bulk = bulk(count);
        List<PlannedRequest> requests = new ArrayList<>(count);
        for (long at : times(count - bulk, millis)) {
            RequestKind kind = kind();
            // requests that end slowly come early, so that the end of the run need not wait for them
            boolean late = at > millis * (1 - QUIET_TAIL);
            requests.add(draw(late ? prompt(kind) : kind, at));
        }
        int bursts = Math.max(1, bulk / BULK_BURST);
        for (int burst = 0; burst < bursts; burst++) {
            long at = (long) (random.nextDouble() * millis * BULK_TIME);
            for (int i = burst; i < bulk; i += bursts) {
                requests.add(bulk(prompt(kind()), burst % partitions, at));
            }
        }
        requests.sort(Comparator.comparingLong(PlannedRequest::atMillis));
        return requests;
    }

    private static int bulk(int count) {
        return count / REQUESTS_PER_BULK;
    }

    /** Returns the limit a second of {@link #LIMITED} for that many requests over that time. It makes bursts wait. */
    static int limitPerSecond(int count, long millis) {
        int limited = bulk(count) + (count - bulk(count)) / MODELS.size();
        return (int) Math.max(1, Math.ceil(limited * 1_000 / (millis * BULK_TIME)));
    }

    /** Draws a plain request that is published at once. */
    public PlannedRequest plain(int partition) {
        Draft draft = draft(RequestKind.PLAIN, partition, 0);
        return draft.request(0, draft.id());
    }

    private List<Long> times(int count, long millis) {
        List<Long> times = new ArrayList<>(count);
        while (times.size() < count) {
            long at = (long) (random.nextDouble() * millis);
            int together = random.nextInt(DRAWS_PER_BURST) == 0 ? BURST : 1;
            for (int i = 0; i < together && times.size() < count; i++) {
                times.add(at);
            }
        }
        times.sort(Comparator.naturalOrder());
        return times;
    }

    private RequestKind kind() {
        int left = random.nextInt(100);
        for (RequestKind kind : RequestKind.values()) {
            left -= kind.weight();
            if (left < 0) {
                return kind;
            }
        }
        throw new IllegalStateException("the weights of the kinds must make 100");
    }

    private static RequestKind prompt(RequestKind kind) {
        return kind.isPrompt() ? kind : RequestKind.PLAIN;
    }

    private PlannedRequest draw(RequestKind kind, long at) {
        return finished(draft(kind, random.nextInt(partitions), at));
    }

    private PlannedRequest bulk(RequestKind kind, int partition, long at) {
        return finished(new Draft(nextId(), kind, LIMITED, BULK_TENANT, false, partition, at));
    }

    private Draft draft(RequestKind kind, int partition, long at) {
        // What fails each time is given up by comparison with other calls of its model, and that one has most.
        List<String> models = kind.isPrompt() ? MODELS : MODELS.subList(0, 1);
        return new Draft(nextId(), kind, any(models), any(TENANTS), isExpress(), partition, at);
    }

    /** A request without what is special about its kind. */
    private record Draft(
            String id, RequestKind kind, String model, String tenant, boolean express, int partition, long atMillis) {
        PlannedRequest request(long dueAfter, String text) {
            return with(
                    dueAfter,
                    text,
                    "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}".formatted(model, text));
        }

        PlannedRequest faulty(String fault) {
            return request(0, id + " [stand-in: " + fault + "]");
        }

        PlannedRequest with(long dueAfter, String text, String body) {
            return new PlannedRequest(
                    id, kind, express, tenant, partition, atMillis, dueAfter, PlannedRequest.NEVER, text, body);
        }
    }

    /** Makes a request of a draft. A tenth of all is cancelled, before or after they are due, called and ended. */
    private PlannedRequest finished(Draft draft) {
        PlannedRequest request = ofKind(draft);
        return random.nextInt(DRAWS_PER_CANCEL) == 0 ? request.cancelledAfter(between(0, LATEST_CANCEL)) : request;
    }

    private PlannedRequest ofKind(Draft draft) {
        return switch (draft.kind()) {
            case PLAIN, EXPIRED -> draft.request(0, draft.id());
            case SOON -> draft.request(between(500, 9_500), draft.id());
            case DELAYED -> draft.request(between(12_000, 24_000), draft.id());
            case FAULTY_ONCE -> draft.faulty(any(PASSING_FAULTS));
            case REJECTED -> draft.faulty("status=400");
            case EXHAUSTED -> draft.faulty("status=500");
            case INVALID -> draft.with(0, "", any(INVALID_BODIES).formatted(draft.id()));
        };
    }

    private boolean isExpress() {
        return random.nextInt(DRAWS_PER_EXPRESS) == 0;
    }

    private String nextId() {
        return "chaos-%06d".formatted(drawn++);
    }

    private long between(int min, int max) {
        return (long) min + random.nextInt(max - min);
    }

    private String any(List<String> choices) {
        return choices.get(random.nextInt(choices.size()));
    }
}
