package dev.sluice.worker.observe;

import dev.sluice.worker.call.CallResult;
import dev.sluice.worker.outcome.Outcome;
import dev.sluice.worker.outcome.OutcomeClassifier.Verdict;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The label of a call's result. It is an HTTP status, or a word if there was no usable answer. */
final class StatusLabel {
    static final String OK = "200";
    static final String RATE_LIMITED = "429";

    private static final int HTTP_OK = 200;

    /** Statuses that matter here or are common. Of any other one only the class is kept, which bounds the labels. */
    private static final Map<Integer, String> KNOWN = IntStream.of(
                    200, 400, 401, 402, 403, 404, 408, 409, 413, 422, 424, 425, 429, 500, 502, 503, 504, 520, 522, 524,
                    529)
            .boxed()
            .collect(Collectors.toUnmodifiableMap(status -> status, status -> Integer.toString(status)));

    private static final String[] CLASSES = {"0xx", "1xx", "2xx", "3xx", "4xx", "5xx", "6xx", "7xx", "8xx", "9xx"};

    private StatusLabel() {}

    /** @param verdict the verdict on the request; empty if the call was cancelled */
    static String of(CallResult result, Optional<Verdict> verdict) {
        if (result instanceof CallResult.Answered answered) {
            boolean unusable = answered.status() == HTTP_OK
                    && verdict.filter(end -> end.outcome() instanceof Outcome.Reply)
                            .isEmpty();
            if (unusable) {
                return "unusable_body";
            }
            String known = KNOWN.get(answered.status());
            return known != null ? known : CLASSES[Math.floorMod(answered.status() / 100, CLASSES.length)];
        }
        return result instanceof CallResult.Failed failed ? failed.error() : "cancelled";
    }
}
