package dev.sluice.worker.cli.topics;

import dev.sluice.wire.Topics;
import dev.sluice.worker.cli.command.ExitCode;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.kafka.AdminTimeouts;
import dev.sluice.worker.topics.AclErrors;
import dev.sluice.worker.topics.TopicCheck;
import dev.sluice.worker.topics.TopicDifference;
import dev.sluice.worker.topics.TopicPlan;
import dev.sluice.worker.topics.TopicState;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.TopicExistsException;

/** Creates missing topics, widens existing ones and lets them take larger records. Changes no other setting. */
final class TopicCreation {
    private static final Duration RECHECK = Duration.ofMillis(100);

    private static final String CREATED = "created";
    private static final String WIDENED = "widened";
    private static final String ENLARGED = "enlarged";

    private final PrintStream out;
    private final PrintStream err;
    private final Admin admin;
    private final Topics topics;
    private final List<TopicPlan> plans;
    /** The number of bundles that the input topics are widened to. */
    private final OptionalInt asked;

    private final int replication;
    private final boolean enlarges;
    /** The words for what was done, by topic. The table shows them. */
    private final Map<String, String> done = new HashMap<>();

    /** The messages about what failed, by topic. The empty name stands for all topics. */
    private final Map<String, String> failures = new LinkedHashMap<>();

    /** True if Kafka has rejected the creation of a topic because of who wants it, or of what the topic is to be. */
    private boolean isForbidden;

    /** @param enlarges true to let existing topics take records as large as planned */
    TopicCreation(
            Terminal terminal,
            Admin admin,
            Topics topics,
            List<TopicPlan> plans,
            OptionalInt asked,
            int replication,
            boolean enlarges) {
        this.out = terminal.out();
        this.err = terminal.err();
        this.admin = admin;
        this.topics = topics;
        this.plans = plans;
        this.asked = asked;
        this.replication = replication;
        this.enlarges = enlarges;
    }

    /** Creates, widens and reports. Returns {@link ExitCode#FAILED} if the broker has rejected something. */
    int run() throws InterruptedException {
        try {
            Map<String, TopicState> before = read();
            create(before);
            widen(before);
            enlarge(before);
            report(before, settled());
        } catch (TopicState.UnreadableException e) {
            failures.put("", e.getMessage());
        }
        failures.values().forEach(failure -> err.println("sluice topics create: " + failure));
        if (isForbidden) {
            err.println("sluice topics create: 'sluice topics create --print' prints what the queue needs, for whoever "
                    + "may create it");
        }
        return failures.isEmpty() ? ExitCode.DONE : ExitCode.FAILED;
    }

    private Map<String, TopicState> read() throws InterruptedException {
        return TopicState.read(admin, names(), AdminTimeouts.FOREGROUND);
    }

    private List<String> names() {
        return plans.stream().map(TopicPlan::name).toList();
    }

    private void create(Map<String, TopicState> before) throws InterruptedException {
        int width = widthOfNew(before);
        Optional<Short> copies = replication < 1 ? Optional.empty() : Optional.of((short) replication);
        Collection<NewTopic> missing = plans.stream()
                .filter(plan -> !before.containsKey(plan.name()))
                .map(plan -> plan.asLargeAs(sameKind(plan, before)))
                .map(plan ->
                        new NewTopic(plan.name(), Optional.of(plan.partitions(width)), copies).configs(plan.settings()))
                .toList();
        CreateTopicsOptions options = new CreateTopicsOptions().timeoutMs(AdminTimeouts.FOREGROUND_MILLIS);
        Map<String, KafkaFuture<Void>> results = new LinkedHashMap<>();
        // a request for each, since Kafka bounds the partitions of one request
        missing.forEach(topic ->
                results.putAll(admin.createTopics(List.of(topic), options).values()));
        for (NewTopic topic : missing) {
            attempt(topic.name(), CREATED, AclErrors.Right.CREATE, results.get(topic.name()));
        }
    }

    /** Returns the existing inputs with the same writers as this one. */
    private List<TopicState> sameKind(TopicPlan input, Map<String, TopicState> before) {
        return plans.stream()
                .filter(plan -> plan.content().isInput() && plan.content() == input.content())
                .filter(plan -> before.containsKey(plan.name()))
                .map(plan -> before.get(plan.name()))
                .toList();
    }

    /**
     * Returns the number of bundles that new topics have. All inputs must be equally wide, so this is at least that of
     * the widest existing one.
     */
    private int widthOfNew(Map<String, TopicState> before) {
        int width = Math.max(asked.orElse(0), TopicDifference.widest(plans, before));
        return width == 0 ? TopicPlan.BUNDLES : width;
    }

    /**
     * Widens the inputs if {@code --partitions} was given. The topics that producers write to come last, and only if
     * all other inputs are wide enough. A record in a partition that one of the other inputs lacks would be read by no
     * worker.
     */
    private void widen(Map<String, TopicState> before) throws InterruptedException {
        if (asked.isEmpty()) {
            return;
        }
        List<TopicPlan> ofWorkers = plansOf(TopicPlan.Content.PASSING);
        for (TopicPlan plan : ofWorkers) {
            widen(plan, before);
        }
        List<String> failed = ofWorkers.stream()
                .map(TopicPlan::name)
                .filter(failures::containsKey)
                .toList();
        for (TopicPlan plan : plansOf(TopicPlan.Content.REQUESTS)) {
            if (failed.isEmpty()) {
                widen(plan, before);
                failed = failures.containsKey(plan.name()) ? List.of(plan.name()) : List.of();
            } else if (isNarrower(plan, before)) {
                failures.put(
                        plan.name(),
                        "topic " + plan.name() + " was not " + WIDENED + ", since " + String.join(", ", failed)
                                + " is not as wide: no worker would read what arrives in the missing partitions");
            }
        }
    }

    private List<TopicPlan> plansOf(TopicPlan.Content content) {
        return plans.stream().filter(plan -> plan.content() == content).toList();
    }

    private void widen(TopicPlan plan, Map<String, TopicState> before) throws InterruptedException {
        if (isNarrower(plan, before)) {
            NewPartitions wider = NewPartitions.increaseTo(plan.partitions(asked.getAsInt()));
            KafkaFuture<Void> result =
                    admin.createPartitions(Map.of(plan.name(), wider)).values().get(plan.name());
            attempt(plan.name(), WIDENED, AclErrors.Right.ALTER, result);
        }
    }

    private boolean isNarrower(TopicPlan plan, Map<String, TopicState> before) {
        TopicState state = before.get(plan.name());
        return state != null && state.partitions() < plan.partitions(asked.getAsInt());
    }

    private void enlarge(Map<String, TopicState> before) throws InterruptedException {
        for (TopicPlan plan : plans) {
            TopicState state = before.get(plan.name());
            Map<String, String> larger = enlarges && state != null ? plan.enlargement(state) : Map.of();
            if (!larger.isEmpty()) {
                ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, plan.name());
                List<AlterConfigOp> settings = larger.entrySet().stream()
                        .map(each -> new ConfigEntry(each.getKey(), each.getValue()))
                        .map(entry -> new AlterConfigOp(entry, AlterConfigOp.OpType.SET))
                        .toList();
                KafkaFuture<Void> result = admin.incrementalAlterConfigs(Map.of(topic, settings))
                        .values()
                        .get(topic);
                attempt(plan.name(), ENLARGED, AclErrors.Right.ALTER_CONFIGS, result);
            }
        }
    }

    private void attempt(String topic, String success, AclErrors.Right needed, KafkaFuture<Void> result)
            throws InterruptedException {
        try {
            result.get();
            done.merge(topic, success, (one, other) -> one + ", " + other);
        } catch (ExecutionException e) {
            if (!(e.getCause() instanceof TopicExistsException)) {
                Throwable cause = e.getCause();
                isForbidden |= success.equals(CREATED) && isForbidden(cause);
                failures.put(
                        topic,
                        "topic " + topic + " could not be " + success + ": "
                                + AclErrors.words(cause, needed).orElse(cause.getMessage()));
            }
        }
    }

    private static boolean isForbidden(Throwable cause) {
        return cause instanceof PolicyViolationException
                || cause instanceof InvalidConfigurationException
                || cause instanceof AuthorizationException;
    }

    /** Reads the topics until they show what was done. Another broker may answer before it has heard of the change. */
    private Map<String, TopicState> settled() throws InterruptedException {
        long deadline = System.nanoTime() + AdminTimeouts.FOREGROUND.toNanos();
        Map<String, TopicState> states = read();
        while (!isSettled(states) && System.nanoTime() < deadline) {
            TimeUnit.MILLISECONDS.sleep(RECHECK.toMillis());
            states = read();
        }
        return states;
    }

    private boolean isSettled(Map<String, TopicState> states) {
        return plans.stream()
                .filter(plan -> done.containsKey(plan.name()))
                .allMatch(plan -> states.containsKey(plan.name()) && isSettled(plan, states.get(plan.name())));
    }

    private boolean isSettled(TopicPlan plan, TopicState state) {
        String words = done.getOrDefault(plan.name(), "");
        return (!words.contains(WIDENED) || state.partitions() == plan.partitions(asked.orElse(0)))
                && (!words.contains(ENLARGED) || plan.enlargement(state).isEmpty());
    }

    private void report(Map<String, TopicState> before, Map<String, TopicState> after) {
        TopicTable.print(
                out, names(), after, name -> done.getOrDefault(name, before.containsKey(name) ? "exists" : ""));
        Map<String, TopicState> existing = new HashMap<>(after);
        existing.keySet().retainAll(before.keySet());
        int width = asked.orElse(TopicDifference.widest(plans, after));
        TopicDifference.of(topics, plans, existing, width).forEach(each -> out.println(each.sentence()));
        narrow(before).ifPresent(out::println);
    }

    /**
     * Returns a sentence with the remedy if new topics are narrower than they would be by themselves. A topic that the
     * broker has made for the first record of a producer may have a single partition, which nobody has wanted.
     */
    private Optional<String> narrow(Map<String, TopicState> before) {
        int width = widthOfNew(before);
        boolean hasNew = plansOf(TopicPlan.Content.PASSING).stream()
                .anyMatch(plan -> done.getOrDefault(plan.name(), "").equals(CREATED));
        if (asked.isPresent() || width >= TopicPlan.BUNDLES || !hasNew) {
            return Optional.empty();
        }
        return Optional.of("The new topics are as narrow as the others, so at most " + width
                + (width == 1 ? " worker has" : " workers have") + " work; to widen the queue: "
                + TopicCheck.create(topics) + " --partitions " + TopicPlan.BUNDLES);
    }
}
