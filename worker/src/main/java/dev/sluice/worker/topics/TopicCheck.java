package dev.sluice.worker.topics;

import dev.sluice.wire.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;

/**
 * Whether a queue's topics are such that a worker can keep its promise on them. Immutable.
 *
 * @param refusals what a worker cannot work with, one sentence each with the remedy; empty where it can start
 * @param warnings what will lose records one day, one sentence each with the remedy
 * @param partitions the number of bundles: partitions of each input topic; 0 where {@code .requests} is missing
 */
public record TopicCheck(List<String> refusals, List<String> warnings, int partitions) {
    public TopicCheck {
        refusals = List.copyOf(refusals);
        warnings = List.copyOf(warnings);
    }

    /** Looks at the topics; a broker that does not answer within {@code timeout} is a refusal too. */
    public static TopicCheck of(Admin admin, Topics topics, Duration timeout) throws InterruptedException {
        try {
            return of(topics, TopicState.read(admin, topics.all(), timeout));
        } catch (TopicState.UnreadableException unreadable) {
            return new TopicCheck(List.of(String.valueOf(unreadable.getMessage())), List.of(), 0);
        }
    }

    /** The judgement alone. */
    public static TopicCheck of(Topics topics, Map<String, TopicState> states) {
        List<String> refusals = new ArrayList<>();
        List<String> warnings = new ArrayList<>();
        missing(topics, states).ifPresent(refusals::add);
        unequal(topics, widths(topics, states)).ifPresent(refusals::add);
        for (TopicPlan plan : TopicPlan.of(topics)) {
            TopicState state = states.get(plan.name());
            if (state != null) {
                refusals.addAll(plan.refusals(state));
                warnings.addAll(plan.warnings(state));
            }
        }
        TopicState requests = states.get(topics.requests());
        return new TopicCheck(refusals, warnings, requests == null ? 0 : requests.partitions());
    }

    /** Which of the queue's topics do not exist, in a sentence with the remedy; empty where all do. */
    public static Optional<String> missing(Topics topics, Map<String, TopicState> states) {
        List<String> missing = topics.all().stream()
                .filter(topic -> !states.containsKey(topic))
                .toList();
        if (missing.isEmpty()) {
            return Optional.empty();
        }
        String which = missing.size() == topics.all().size()
                ? "the topics of queue '" + topics.base() + "' do"
                : missing.size() == 1
                        ? "topic " + missing.get(0) + " does"
                        : "topics " + String.join(", ", missing) + " do";
        return Optional.of(which + " not exist; create what is missing with: " + create(topics));
    }

    private static Map<String, Integer> widths(Topics topics, Map<String, TopicState> states) {
        Map<String, Integer> widths = new LinkedHashMap<>();
        topics.inputs().stream()
                .filter(states::containsKey)
                .forEach(input -> widths.put(input, states.get(input).partitions()));
        return widths;
    }

    /**
     * Partition i of all inputs belongs to one worker, so each of them needs every i. Empty where that is so, else a
     * sentence with the remedy.
     *
     * @param widths the number of partitions of every input
     */
    public static Optional<String> unequal(Topics topics, Map<String, Integer> widths) {
        int widest = widths.values().stream().mapToInt(Integer::intValue).max().orElse(0);
        if (widths.values().stream().allMatch(width -> width == widest)) {
            return Optional.empty();
        }
        String all = widths.entrySet().stream()
                .map(input -> input.getKey() + " " + input.getValue())
                .collect(Collectors.joining(", "));
        return Optional.of("the input topics differ in their number of partitions (" + all
                + "); widen the narrower ones with: " + create(topics) + " --partitions " + widest);
    }

    private static String create(Topics topics) {
        return "sluice topics create" + (topics.base().equals("chat") ? "" : " --topic " + topics.base());
    }
}
