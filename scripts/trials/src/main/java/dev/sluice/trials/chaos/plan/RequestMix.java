package dev.sluice.trials.chaos.plan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;

/** Draws random requests. The same seed draws the same requests. Not thread-safe. */
public final class RequestMix {
    private static final List<String> MODELS = List.of("chaos/large", "chaos/large", "chaos/small", "chaos/rare");
    /** The size of a burst. One of 200 draws is a burst, so a sixth of all requests come in bursts and form queues. */
    private static final int BURST = 40;

    private static final int DRAWS_PER_BURST = 200;

    /** One of so many requests is express. */
    private static final int DRAWS_PER_EXPRESS = 8;

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
            "{\"model\":\"chaos/large\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}",
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
        List<Long> times = times(count, millis);
        List<PlannedRequest> requests = new ArrayList<>(count);
        for (long at : times) {
            RequestKind kind = kind();
            // requests that end slowly come early, so that the end of the run need not wait for them
            boolean late = at > millis * (1 - QUIET_TAIL);
            requests.add(draw(late && kind == RequestKind.EXHAUSTED ? RequestKind.PLAIN : kind, at));
        }
        return requests;
    }

    /** Draws a plain request that is published at once. */
    public PlannedRequest plain(int partition) {
        String id = nextId();
        return request(id, RequestKind.PLAIN, partition, 0, 0, id);
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

    private PlannedRequest draw(RequestKind kind, long at) {
        String id = nextId();
        int partition = random.nextInt(partitions);
        return switch (kind) {
            case PLAIN, EXPIRED -> request(id, kind, partition, at, 0, id);
            case SOON -> request(id, kind, partition, at, between(500, 9_500), id);
            case DELAYED -> request(id, kind, partition, at, between(12_000, 24_000), id);
            case FAULTY_ONCE -> request(id, kind, partition, at, 0, directed(id, any(PASSING_FAULTS)));
            case REJECTED -> request(id, kind, partition, at, 0, directed(id, "status=400"));
            case EXHAUSTED -> request(id, kind, partition, at, 0, directed(id, "status=500"));
            case INVALID ->
                new PlannedRequest(
                        id,
                        kind,
                        isExpress(),
                        partition,
                        at,
                        0,
                        "",
                        any(INVALID_BODIES).formatted(id));
        };
    }

    private PlannedRequest request(String id, RequestKind kind, int partition, long at, long dueAfter, String text) {
        String body =
                "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}".formatted(any(MODELS), text);
        return new PlannedRequest(id, kind, isExpress(), partition, at, dueAfter, text, body);
    }

    private boolean isExpress() {
        return random.nextInt(DRAWS_PER_EXPRESS) == 0;
    }

    private String nextId() {
        return "chaos-%06d".formatted(drawn++);
    }

    private static String directed(String id, String fault) {
        return id + " [stand-in: " + fault + "]";
    }

    private long between(int min, int max) {
        return (long) min + random.nextInt(max - min);
    }

    private String any(List<String> choices) {
        return choices.get(random.nextInt(choices.size()));
    }
}
