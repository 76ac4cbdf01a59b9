package dev.sluice.sandbox;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Chooses the fault of a call from its own directives, else from the first rule that applies. It counts calls for
 * {@code next} and {@code times}. The class is thread-safe.
 */
final class FaultPicker {
    private static final Pattern DIRECTIVE = Pattern.compile("\\[stand-in:([^\\]]*)\\]");
    private static final int MAX_BODIES = 1_000_000;

    private final Map<Long, Integer> callsOfBody = new LinkedHashMap<>();
    private List<FaultRule> rules = List.of();
    private int[] appliedCounts = {};

    /**
     * Returns the fault of this call, or {@link ApiFault#NONE}.
     *
     * @throws IllegalArgumentException if the request has a malformed directive
     */
    synchronized ApiFault pick(ParsedChatBody request, List<FaultRule> current, RandomGenerator random) {
        List<ApiFault> directives = directives(request.text());
        if (!directives.isEmpty()) {
            return nextDirective(directives, request.bodyHash());
        }
        // Compared by identity, not equality: setting an equal list again restarts the counts.
        if (current != rules) {
            rules = current;
            appliedCounts = new int[current.size()];
        }
        for (int i = 0; i < appliedCounts.length; i++) {
            if (applies(i, random)) {
                return rules.get(i).fault();
            }
        }
        return ApiFault.NONE;
    }

    synchronized void forgetCalls() {
        callsOfBody.clear();
    }

    static List<ApiFault> directives(String text) {
        return DIRECTIVE
                .matcher(text)
                .results()
                .map((MatchResult found) -> ApiFault.parse(found.group(1)))
                .toList();
    }

    /**
     * Returns the directive for this call. The directives apply in turn, each to as many calls of this body as its
     * times.
     */
    private ApiFault nextDirective(List<ApiFault> directives, long bodyHash) {
        int before = callsBefore(bodyHash);
        for (ApiFault directive : directives) {
            if (directive.times().isEmpty() || before < directive.times().getAsInt()) {
                return directive;
            }
            before -= directive.times().getAsInt();
        }
        return ApiFault.NONE;
    }

    private int callsBefore(long bodyHash) {
        int before = callsOfBody.merge(bodyHash, 1, Integer::sum) - 1;
        if (callsOfBody.size() > MAX_BODIES) {
            callsOfBody.remove(callsOfBody.keySet().iterator().next());
        }
        return before;
    }

    private boolean applies(int index, RandomGenerator random) {
        FaultRule rule = rules.get(index);
        if (rule.probability() != null) {
            return random.nextDouble() < rule.probability();
        }
        if (rule.next() != null) {
            return appliedCounts[index] < rule.next() && ++appliedCounts[index] > 0;
        }
        return true;
    }
}
