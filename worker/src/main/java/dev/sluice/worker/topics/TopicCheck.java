package dev.sluice.worker.topics;

import dev.sluice.wire.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;

/**
 * The result of checking that a worker can keep its promise on the topics of a queue. Immutable.
 *
 * @param refusals a sentence with the remedy for each reason why a worker refuses to start; empty if it can start
 * @param warnings a sentence with the remedy for each setting that will lose records one day, and for what keeps
 *     workers from sharing what they know
 * @param partitions the number of partitions of {@code .requests}, which is the number of bundles; 0 if it is missing
 */
public record TopicCheck(List<String> refusals, List<String> warnings, int partitions) {
    public TopicCheck {
        refusals = List.copyOf(refusals);
        warnings = List.copyOf(warnings);
    }

    /**
     * Reads the topics and checks them for a worker, and its rights on those topics that none is required to have. A
     * broker that does not answer within {@code timeout} is a
     * refusal too.
     *
     * @param maxRequestBytes the largest body that the worker calls
     */
    public static TopicCheck of(Admin admin, Topics topics, Duration timeout, int maxRequestBytes)
            throws InterruptedException {
        try {
            Map<String, TopicState> states = new HashMap<>(TopicState.read(admin, topics.required(), timeout));
            AclCheck acls = new AclCheck(admin, timeout);
            Map<String, String> denied = new LinkedHashMap<>();
            acls.ofPool(topics).ifPresent(warning -> denied.put(topics.workers(), warning));
            for (String replies : List.of(topics.doorReplies(), topics.batchReplies())) {
                acls.ofDoorReplies(replies).ifPresent(warning -> denied.put(replies, warning));
            }
            acls.ofCancels(topics).ifPresent(warning -> denied.put(topics.cancels(), warning));
            acls.ofStreams(topics).ifPresent(warning -> denied.put(topics.streams(), warning));
            List<String> optional = topics.all().stream()
                    .filter(topic -> !topics.required().contains(topic) && !denied.containsKey(topic))
                    .toList();
            states.putAll(TopicState.read(admin, optional, timeout));
            List<String> lacking = new ArrayList<>(denied.values());
            without(topics, states).forEach((topic, warning) -> {
                if (!denied.containsKey(topic)) {
                    lacking.add(warning);
                }
            });
            TopicCheck check = of(topics, states, lacking);
            List<String> refusals = new ArrayList<>(check.refusals);
            tooSmall(topics, states, maxRequestBytes).ifPresent(refusals::add);
            return new TopicCheck(refusals, check.warnings, check.partitions);
        } catch (TopicState.UnreadableException unreadable) {
            return new TopicCheck(List.of(String.valueOf(unreadable.getMessage())), List.of(), 0);
        }
    }

    /**
     * Returns a sentence with the remedy if a request that is called may be larger than a topic to which workers copy
     * it. Such a request could be neither retried nor become a whole dead letter.
     */
    static Optional<String> tooSmall(Topics topics, Map<String, TopicState> states, int maxRequestBytes) {
        return topics.required().stream()
                .filter(topic -> !topics.isFromProducers(topic) && !topic.equals(topics.replies()))
                .filter(states::containsKey)
                .flatMap(topic -> TopicPlan.limitBelow(states.get(topic), maxRequestBytes).stream()
                        .mapToObj(limit -> "topic " + topic + " takes records of " + limit
                                + " bytes only, and --max-request-bytes is " + maxRequestBytes
                                + ", so a request of that size could not be retried; enlarge the topics with: "
                                + create(topics) + " --max-request-bytes " + maxRequestBytes))
                .findFirst();
    }

    /** Checks topics that have been read before. */
    public static TopicCheck of(Topics topics, Map<String, TopicState> states) {
        return of(topics, states, List.copyOf(without(topics, states).values()));
    }

    private static TopicCheck of(Topics topics, Map<String, TopicState> states, List<String> lacking) {
        List<String> refusals = new ArrayList<>();
        List<String> warnings = new ArrayList<>(lacking);
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

    /** Returns a warning with the remedy for each missing topic without which workers work, but not as well. */
    private static Map<String, String> without(Topics topics, Map<String, TopicState> states) {
        Map<String, String> warnings = new LinkedHashMap<>();
        warnings.put(topics.workers(), "each worker spends only its own part of each limit");
        warnings.put(topics.cancels(), "no request can be cancelled");
        warnings.put(topics.streams(), "whoever waits sees a streamed answer only once it is whole");
        warnings.keySet().removeAll(states.keySet());
        // the remedy for a topic that is required makes these as well
        if (missing(topics, states).isPresent()) {
            return Map.of();
        }
        warnings.replaceAll((topic, consequence) ->
                "topic " + topic + " does not exist, so " + consequence + "; create it with: " + create(topics));
        return warnings;
    }

    /** Returns a sentence that names the required topics which are missing and the remedy, or empty if all exist. */
    public static Optional<String> missing(Topics topics, Map<String, TopicState> states) {
        List<String> missing = topics.required().stream()
                .filter(topic -> !states.containsKey(topic))
                .toList();
        if (missing.isEmpty()) {
            return Optional.empty();
        }
        String which = missing.size() == topics.required().size()
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
     * Returns a sentence with the remedy if the inputs do not have the partitions of the same bundles. A bundle belongs
     * to one worker as a whole, so every input needs its partitions.
     *
     * @param widths the number of partitions of every input
     */
    public static Optional<String> unequal(Topics topics, Map<String, Integer> widths) {
        int widest = widths.entrySet().stream()
                .mapToInt(input -> TopicPlan.bundles(input.getValue(), topics.partitionsPerBundle(input.getKey())))
                .max()
                .orElse(0);
        boolean isEqual = widths.entrySet().stream()
                .allMatch(input -> input.getValue() == widest * topics.partitionsPerBundle(input.getKey()));
        if (isEqual) {
            return Optional.empty();
        }
        String all = widths.entrySet().stream()
                .map(input -> input.getKey() + " " + input.getValue())
                .collect(Collectors.joining(", "));
        return Optional.of("the input topics differ in their number of partitions (" + all + "): each needs " + widest
                + ", and " + topics.overflow() + " " + widest * Topics.OVERFLOW_PARTITIONS
                + "; widen the narrower ones with: " + create(topics) + " --partitions " + widest);
    }

    /** Returns the command that makes the topics of a queue, without options that the operator may have given. */
    public static String create(Topics topics) {
        return "sluice topics create" + (topics.base().equals("chat") ? "" : " --topic " + topics.base());
    }
}
