package dev.sluice.trials.bench;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.trials.WorkerProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code scale-up} command: measures what a request costs where there is more of something. */
@Command(
        name = "scale-up",
        mixinStandardHelpOptions = true,
        description = {
            "A backlog without any limit, again and again with more of one thing: processor time of all workers per "
                    + "reply, replies per second, and the memory of the largest worker. In parentheses the ratio to "
                    + "a row before. The first quarter of the requests warms up and does not count. Neither does a "
                    + "first round, in which the stand-in and the load warm up. 8 workers have four times as many "
                    + "requests, since each of them has to warm up.",
            "",
            "A worker that does more at once needs less for each, since what is at hand shares polls, transactions "
                    + "and packets. So 8 workers at 250/s each are compared with one worker at 250/s as well.",
            "",
            "one core: the worker may use the first processor alone. rebalances: a second worker comes and goes every "
                    + "ten seconds, and the time it takes to start counts as well. marks: they cancel requests that "
                    + "are not there, and are looked at for each call."
        })
final class ScaleUpScenario implements Callable<Integer> {
    private static final int LATENCY_MILLIS = 50;
    private static final int IN_FLIGHT = 512;
    private static final int MOST_SECONDS = 600;
    /** The part of the requests after which compilers and connections are warm. What came before does not count. */
    private static final int WARM_UP_PART = 4;

    private static final int BETWEEN_CHANGES_SECONDS = 10;
    /** The most that a request may cost, in per cent of what it costs in the first row. */
    private static final int MOST_PERCENT = 110;

    /** The calls per second of each worker, where several share this machine and none may be at its bounds. */
    private static final int RATE = 250;

    private static final int RATED_SECONDS = 80;

    private static final String FIRST = "one worker";
    private static final String ONE_AT_RATE = "one at " + RATE + " a second";
    private static final String EIGHT_AT_RATE = "8 at " + RATE + " a second";
    private static final Map<String, Variation> VARIATIONS = new LinkedHashMap<>();

    static {
        VARIATIONS.put(FIRST, Variation.PLAIN);
        VARIATIONS.put("one core", new Variation(1, BenchRig.PARTITIONS, 1, 1, 0, true, false, 0));
        VARIATIONS.put("8 workers", new Variation(8, BenchRig.PARTITIONS, 1, 1, 0, false, false, 0));
        VARIATIONS.put("96 partitions", new Variation(1, 96, 1, 1, 0, false, false, 0));
        VARIATIONS.put("300 models", new Variation(1, BenchRig.PARTITIONS, 300, 1, 0, false, false, 0));
        VARIATIONS.put("10000 tenants", new Variation(1, BenchRig.PARTITIONS, 1, 10_000, 0, false, false, 0));
        VARIATIONS.put("100000 marks", new Variation(1, BenchRig.PARTITIONS, 1, 1, 100_000, false, false, 0));
        VARIATIONS.put("rebalances", new Variation(1, BenchRig.PARTITIONS, 1, 1, 0, false, true, 0));
        VARIATIONS.put(ONE_AT_RATE, new Variation(1, BenchRig.PARTITIONS, 1, 1, 0, false, false, RATE));
        VARIATIONS.put(EIGHT_AT_RATE, new Variation(8, BenchRig.PARTITIONS, 1, 1, 0, false, false, RATE));
    }

    @Option(names = "--requests", defaultValue = "100000", description = "In the queue, each time (${DEFAULT-VALUE}).")
    private int requests;

    @Option(names = "--bytes", defaultValue = "1024", description = "Of each request (${DEFAULT-VALUE}).")
    private int bytes;

    @Option(names = "--runs", defaultValue = "3", description = "Of each; medians are shown (${DEFAULT-VALUE}).")
    private int runs;

    @Option(
            names = "--only",
            split = ",",
            paramLabel = "NAME",
            description = "Besides the rows that they are compared with (all).")
    private List<String> only = List.of();

    @Mixin
    private ScenarioRunner runner = new ScenarioRunner();

    /**
     * A setup with more of something.
     *
     * @param marks how many marks cancel requests that are not there
     * @param oneCore whether the worker may use one processor alone
     * @param rebalances whether another worker comes and goes
     * @param rate the calls per second of each worker; 0 is no limit
     */
    private record Variation(
            int workers,
            int partitions,
            int models,
            int tenants,
            int marks,
            boolean oneCore,
            boolean rebalances,
            int rate) {
        private static final Variation PLAIN = new Variation(1, BenchRig.PARTITIONS, 1, 1, 0, false, false, 0);

        IntFunction<String> body(int bytes) {
            return number ->
                    RequestBodies.sized(models == 1 ? RequestBodies.MODEL : "model-" + number % models, number, bytes);
        }

        /** Returns how many requests there are. Each worker's own part of them has to warm it up. */
        int requests(int unlimited) {
            return rate == 0 ? unlimited * Math.max(1, workers / 2) : workers * rate * RATED_SECONDS;
        }

        /** Returns the limit of all workers together. */
        String limit() {
            return rate == 0 ? "none" : workers * rate + "/s";
        }

        void publish(NumberedPublisher publisher, int requests, int bytes) {
            for (int i = 0; i < requests; i++) {
                if (tenants == 1) {
                    publisher.publish(body(bytes));
                } else {
                    publisher.publish(i, "tenant-" + i % tenants, body(bytes));
                }
            }
            publisher.confirm();
        }
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        runner.within("--requests", requests, 1, 1_000_000);
        runner.within("--bytes", bytes, 1, 1_000_000);
        runner.within("--runs", runs, 1, 100);
        for (String name : only) {
            runner.require(
                    VARIATIONS.containsKey(name), "--only", name, "of " + String.join(", ", VARIATIONS.keySet()));
        }
        return runner.run(this::measure);
    }

    private ScenarioResult measure(Path folder) throws IOException, InterruptedException {
        Map<String, List<Map<String, Double>>> figures = new LinkedHashMap<>();
        ScenarioRunner.say("warm-up");
        ScenarioRunner.say("not counted: " + measure(Variation.PLAIN, folder.resolve("warm-up")));
        for (int run = 1; run <= runs; run++) {
            for (Map.Entry<String, Variation> variation : VARIATIONS.entrySet()) {
                String name = variation.getKey();
                if (!isWanted(name)) {
                    continue;
                }
                ScenarioRunner.say(name + ", run " + run + " of " + runs);
                Path logs = folder.resolve(name.replace(' ', '-') + "-" + run);
                Map<String, Double> found = measure(variation.getValue(), logs);
                ScenarioRunner.say(name + ": " + found);
                figures.computeIfAbsent(name, first -> new ArrayList<>()).add(found);
            }
        }
        return judge(figures);
    }

    private boolean isWanted(String name) {
        return only.isEmpty()
                || only.contains(name)
                || only.stream().map(ScaleUpScenario::base).anyMatch(name::equals);
    }

    /** Returns the row with which a row is compared. */
    private static String base(String name) {
        return name.equals(EIGHT_AT_RATE) ? ONE_AT_RATE : FIRST;
    }

    private Map<String, Double> measure(Variation variation, Path folder) throws IOException, InterruptedException {
        StandInSettings settings =
                StandInSettings.DEFAULT.withLatency(LatencyModel.fixed(Duration.ofMillis(LATENCY_MILLIS)));
        int count = variation.requests(requests);
        RequestTimes times = new RequestTimes(count);
        try (BenchRig rig = runner.rig(folder, times, variation.partitions(), settings, BenchRig.HEAP)) {
            runner.warmUp(rig);
            rig.publisher().publishMarks(variation.marks());
            List<WorkerProcess> workers = start(rig, variation);
            variation.publish(rig.publisher(), count, bytes);
            long first = rig.firstCall();
            long warm = count / WARM_UP_PART;
            await(rig.waitFor(first, MOST_SECONDS, () -> times.count(times::isAnswered) >= warm));
            long begun = System.nanoTime();
            long answered = times.count(times::isAnswered);
            double cpu = -cpuMillis(workers);
            if (variation.rebalances()) {
                cpu += comeAndGo(rig);
            } else {
                await(rig.waitForAnswers(first, MOST_SECONDS));
            }
            cpu += cpuMillis(workers);
            long replies = count - answered;
            Map<String, Double> figures = new LinkedHashMap<>();
            figures.put(DrainedBacklog.COST, cpu / replies);
            figures.put(DrainedBacklog.RATE, replies * 1e9 / (System.nanoTime() - begun));
            figures.put(DrainedBacklog.MEMORY, (double) rig.peakMib());
            return figures;
        }
    }

    private static void await(boolean isAnswered) {
        if (!isAnswered) {
            throw new IllegalStateException("not all is answered within " + MOST_SECONDS + " s");
        }
    }

    /** Starts the workers and waits until all of them have partitions. */
    private static List<WorkerProcess> start(BenchRig rig, Variation variation) throws InterruptedException {
        List<WorkerProcess> workers = rig.pacedWorkers(
                variation.workers(),
                List.of("--limit=*=" + variation.limit(), "--max-in-flight=" + IN_FLIGHT / variation.workers()));
        if (variation.oneCore()) {
            workers.forEach(WorkerProcess::bindToOneProcessor);
        }
        return workers;
    }

    private static double cpuMillis(List<WorkerProcess> workers) {
        return workers.stream()
                .mapToLong(worker -> MachineDescription.cpuMillis(worker.pid()))
                .sum();
    }

    /** Lets another worker come and go until all is answered. Returns the processor time of those that came. */
    private static long comeAndGo(BenchRig rig) throws InterruptedException {
        long begun = System.nanoTime();
        long spent = 0;
        for (int seconds = 0; seconds <= MOST_SECONDS; seconds += 2 * BETWEEN_CHANGES_SECONDS) {
            if (rig.waitForAnswers(begun, seconds + BETWEEN_CHANGES_SECONDS)) {
                return spent;
            }
            WorkerProcess other = rig.worker("--max-in-flight=" + IN_FLIGHT);
            boolean isAnswered = rig.waitForAnswers(begun, seconds + 2 * BETWEEN_CHANGES_SECONDS);
            spent += MachineDescription.cpuMillis(other.pid());
            BenchRig.terminate(other);
            if (isAnswered) {
                return spent;
            }
        }
        await(false);
        return spent;
    }

    private ScenarioResult judge(Map<String, List<Map<String, Double>>> figures) {
        ScenarioResult result = new ScenarioResult();
        figures.forEach((name, found) -> {
            List<Map<String, Double>> base = figures.getOrDefault(base(name), found);
            Map<String, String> cells = new LinkedHashMap<>();
            for (String measure : found.get(0).keySet()) {
                double median = median(found, measure);
                cells.put(
                        measure,
                        ContenderComparison.number(median) + " (%.2f)".formatted(median / median(base, measure)));
            }
            result.row(name, cells);
            long percent = (long)
                    Math.ceil(100 * median(found, DrainedBacklog.COST) / median(base, DrainedBacklog.COST) - 1e-9);
            if (found != base && !name.equals(ONE_AT_RATE)) {
                result.bound(new MeasuredBound(name + ": cost of a request, per cent", percent, MOST_PERCENT));
            }
        });
        return result;
    }

    private static double median(List<Map<String, Double>> found, String measure) {
        return PaceReport.median(IntStream.range(0, found.size())
                .mapToDouble(run -> found.get(run).get(measure))
                .toArray());
    }
}
