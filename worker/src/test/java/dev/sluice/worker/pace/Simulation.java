package dev.sluice.worker.pace;

import dev.sluice.sandbox.LimitVerdict;
import dev.sluice.sandbox.ModelLimiter;
import dev.sluice.sandbox.RateLimit;
import dev.sluice.worker.Requests;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.pace.Scenario.Span;
import dev.sluice.worker.pool.CancelledReport;
import dev.sluice.worker.pool.PoolMember;
import dev.sluice.worker.pool.PoolParticipant;
import dev.sluice.worker.pool.WorkerReport;
import dev.sluice.worker.pool.WorkerReportJson;
import dev.sluice.worker.provider.AdvertisedLimits;
import dev.sluice.worker.provider.LimitUnit;
import dev.sluice.worker.provider.TokenUsage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.PriorityQueue;
import java.util.Random;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Runs the paces of several workers against one limited API in virtual time. Minutes of traffic take a second. The same
 * seed gives the same run. The limiter is the stand-in's own. Calls are delayed on their way, and each worker's thread
 * is late now and then.
 */
final class Simulation {
    private static final long MILLI = 1_000_000L;
    private static final int LEAST_BACKLOG = 40_000;
    private static final long LOOK_INTERVAL = 100 * MILLI;

    /** The bundles of the queue if workers report to each other. */
    private static final int WIDTH_OF_FEW = 24;

    private final Scenario scenario;
    private final List<String> models;
    private final ConfiguredLimits limits;
    private final int width;
    private final Random random;
    private final VirtualTime time = new VirtualTime();
    private final ModelLimiter limiter = new ModelLimiter();
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private final List<Worker> workers = new ArrayList<>();
    private final List<Arrival> arrivals = new ArrayList<>();
    private final SimulatedLog log;
    private final boolean isLong;
    private final int backlog;
    private double lostPart;
    private long sequence;
    private long offset;
    private int strangers;

    private record Event(long at, long sequence, Runnable action) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            return at == other.at ? Long.compare(sequence, other.sequence) : Long.compare(at, other.at);
        }
    }

    /** Adds a backlog to a worker at a time after the start. */
    void addBacklog(int worker, Duration after) {
        at(after.toNanos(), () -> workers.get(worker).begin());
    }

    /** Cuts a worker off from Kafka for a while. Its calls go on until its commits do not get through. */
    void cutOff(int worker, Duration after, Duration length) {
        at(after.toNanos(), () -> workers.get(worker).cutOff());
        at(after.plus(length).toNanos(), () -> workers.get(worker).isCutOff = false);
    }

    /** Kills a worker. The others own its bundles after the session's time. */
    void kill(int worker, Duration after) {
        at(after.toNanos(), () -> workers.get(worker).isDead = true);
        at(after.plusSeconds(10).toNanos(), () -> workers.forEach(other -> other.own(width / (workers.size() - 1))));
    }

    /** Loses a part of all reports on their way to Kafka. */
    void loseReports(double part) {
        lostPart = part;
    }

    /** Freezes a worker. Everything that happens meanwhile happens to it afterwards. */
    void freeze(int worker, Duration after, Duration length) {
        at(after.toNanos(), () -> workers.get(worker).frozenUntil = time.currentTimeNanos() + length.toNanos());
    }

    /** Lets somebody outside of the pool spend from the limit, at an even pace. What is rejected is not tried again. */
    void addStranger(Duration after, Duration length, double perSecond) {
        long end = VirtualTime.START + after.plus(length).toNanos();
        at(after.toNanos(), () -> callOfStranger(perSecond, end));
    }

    private void callOfStranger(double perSecond, long end) {
        long now = time.currentTimeNanos();
        if (now < end) {
            RateLimit limit = scenario.api(now - VirtualTime.START);
            if (limiter.admit(now, 1, limit).rejectedBy() == null) {
                limiter.succeeded(now, 1, limit);
                strangers++;
            }
            long late = random.nextLong(3 * MILLI);
            at((long) (1_000 * MILLI / perSecond) + late - MILLI, () -> callOfStranger(perSecond, end));
        }
    }

    /** Returns the calls of the stranger that were admitted. */
    int strangers() {
        return strangers;
    }

    /** A call as the API sees it, with the number of its worker. */
    record Arrival(long at, int worker, String model, boolean admitted, long tokens) {}

    Simulation(Scenario scenario, long seed) {
        this(scenario, List.of("m"), ConfiguredLimits.each(scenario.limit()), seed);
    }

    /**
     * Creates a simulation of an API that has one limit over several models.
     *
     * @param models the models of requests, in turns
     * @param limits the configured limits of the workers, instead of those of the scenario
     */
    Simulation(Scenario scenario, List<String> models, ConfiguredLimits limits, long seed) {
        this.scenario = scenario;
        this.models = models;
        this.limits = limits;
        this.width = Math.max(WIDTH_OF_FEW, scenario.workers());
        this.random = new Random(seed);
        // An hour or a day with a slow limit is no more work than some minutes with a quick one.
        this.isLong = scenario.duration().compareTo(Duration.ofHours(1)) >= 0;
        this.backlog = isLong ? 600 : Math.max(LEAST_BACKLOG, scenario.allowed());
        this.log = new SimulatedLog(time::currentTimeNanos, this::at);
        for (int i = 0; i < scenario.workers(); i++) {
            workers.add(new Worker(i));
        }
    }

    Figures run() {
        workers.forEach(worker -> at(random.nextLong(300 * MILLI), worker::start));
        long end = time.currentTimeNanos() + scenario.duration().toNanos();
        while (!events.isEmpty() && events.peek().at() < end) {
            Event next = events.poll();
            time.passNanos(next.at() - time.currentTimeNanos());
            next.action().run();
        }
        return new Figures(scenario, arrivals);
    }

    private void at(long nanosFromNow, Runnable action) {
        events.add(new Event(time.currentTimeNanos() + nanosFromNow, sequence++, action));
    }

    private long between(Span<Duration> span) {
        return random.nextLong(span.least().toNanos(), span.most().toNanos() + 1);
    }

    /** Returns the nanoseconds of one way between worker and API. One in fifty is delayed. */
    private long journey() {
        long usual = MILLI / 2 + random.nextLong(3 * MILLI);
        return random.nextInt(50) == 0 ? usual + random.nextLong(12 * MILLI) : usual;
    }

    private final class Worker {
        private final int number;
        private final Pace pace;
        private final PoolParticipant participant;
        private final Instant started = Instant.ofEpochSecond(1);
        private long readAt;
        private int bundles;
        private boolean isCutOff;
        private long cutOffAt;
        private boolean isDead;
        private long frozenUntil;
        private boolean divides;
        private long dividedAt;
        private int wake;
        private int look;
        private int calls;

        Worker(int number) {
            this.number = number;
            this.pace = new Pace(
                    limits,
                    new Pace.Bounds(1024, Map.of(), this::commitsGetThrough),
                    time,
                    new Pace.Callbacks(request -> false, this::call, request -> {}),
                    () -> {});
            own(width / scenario.workers());
            this.participant = new PoolParticipant("w" + number, started);
        }

        private void cutOff() {
            isCutOff = true;
            cutOffAt = now();
        }

        /** Returns true until five seconds after the last commit. */
        private boolean commitsGetThrough() {
            return !isCutOff || now() - cutOffAt < 5_000 * MILLI;
        }

        private void own(int count) {
            bundles = count;
            pace.changeShare(
                    scenario.pool().isPresent() ? new LimitShare(count, width) : new LimitShare(1, scenario.workers()));
        }

        /** Starts to work on a backlog. */
        void begin() {
            addBacklog(backlog / scenario.workers());
            step();
        }

        void start() {
            scenario.pool().ifPresent(delays -> {
                log.subscribe(record -> at(delay(delays), () -> read(record)));
                if (!isLong) {
                    pace.onSnapshot(() -> at(0, this::look));
                }
                look();
            });
            switch (scenario.load()) {
                case EVEN -> addBacklog(backlog / scenario.workers());
                case ONE -> addBacklog(number == 0 ? backlog : 0);
                case TRICKLE -> {
                    addBacklog(number == 0 ? backlog : 0);
                    trickle(2_000);
                }
                case RARE -> {
                    addBacklog(number == 0 ? backlog : 0);
                    trickle(400_000);
                }
                case FLAPPING -> {
                    addBacklog(number == 0 ? 0 : backlog / scenario.workers());
                    flap();
                }
            }
            step();
        }

        private void addBacklog(int requests) {
            for (int i = 0; i < requests; i++) {
                pace.accept(request());
            }
        }

        private void trickle(long mostMillis) {
            if (number > 0) {
                at(random.nextLong(mostMillis * MILLI), () -> {
                    addBacklog(1);
                    step();
                    trickle(mostMillis);
                });
            }
        }

        /** Adds some requests every second to the first worker. */
        private void flap() {
            if (number == 0) {
                at(1000 * MILLI, () -> {
                    addBacklog(5);
                    step();
                    flap();
                });
            }
        }

        private long now() {
            return time.currentTimeNanos();
        }

        /** Returns the nanoseconds until a record arrives. Records keep their order. */
        private long delay(Span<Duration> delays) {
            readAt = Math.max(readAt, now() + between(delays));
            return readAt - now();
        }

        private void read(ConsumerRecord<byte[], byte[]> record) {
            if (now() < frozenUntil) {
                at(frozenUntil - now(), () -> read(record));
            } else if (!isCutOff) {
                participant.read(record, now());
                if (!divides && !isLong) {
                    divides = true;
                    at(scenario.workers() * MILLI / 2, this::divide);
                }
            }
        }

        private void divide() {
            divides = false;
            dividedAt = now();
            participant.shares(now()).ifPresent(pace::lend);
            step();
        }

        /** Reports what there is to report, and looks again. A day with a slow limit has no hurry. */
        private void look() {
            if (isDead) {
                return;
            }
            if (now() < frozenUntil) {
                at(frozenUntil - now(), this::look);
                return;
            }
            if (isLong) {
                pace.publishSnapshot();
            }
            WorkerReport report = new WorkerReport(
                    0,
                    "",
                    "",
                    started,
                    PoolMember.VALIDITY,
                    bundles,
                    width,
                    pace.state().reports(),
                    pace.state().groupReports(),
                    CancelledReport.NONE);
            participant
                    .next(report, now())
                    .filter(written -> !isCutOff && (lostPart == 0 || random.nextDouble() >= lostPart))
                    .ifPresent(written -> log.append("w" + number, WorkerReportJson.encode(written)));
            if (now() - dividedAt >= LOOK_INTERVAL) {
                divide();
            }
            int mine = ++look;
            long due = participant.nanosToNext() == 0 ? LOOK_INTERVAL : participant.nanosToNext();
            at(isLong ? 1_000 * MILLI : Math.min(LOOK_INTERVAL, due), () -> {
                if (mine == look) {
                    look();
                }
            });
        }

        private Request request() {
            int letters = random.nextInt(
                    scenario.letters().least(), scenario.letters().most() + 1);
            return Requests.ofModel(models.get((int) (offset % models.size())))
                    .at(offset++)
                    .saying("x".repeat(letters))
                    .build();
        }

        private void step() {
            int mine = ++wake;
            if (isDead) {
                return;
            }
            if (now() < frozenUntil) {
                at(frozenUntil - now(), this::step);
                return;
            }
            long wait = Math.min(
                    pace.step(), scenario.pool().isPresent() && !isLong ? pace.publishSnapshot() : Long.MAX_VALUE);
            long late = random.nextLong(MILLI / 3) + (random.nextInt(200) == 0 ? 15 * MILLI : 0);
            at(wait + late, () -> {
                if (mine == wake) {
                    step();
                }
            });
        }

        private void call(Request request, Runnable onSend) {
            at(timeToSend(), () -> {
                onSend.run();
                at(journey(), () -> arrive(request));
            });
        }

        /** Returns the nanoseconds until a call is sent. A client's very first call takes longer. */
        private long timeToSend() {
            return calls++ == 0 ? 40 * MILLI : random.nextLong(MILLI);
        }

        private void arrive(Request request) {
            long now = time.currentTimeNanos();
            if (!scenario.isUp(now - VirtualTime.START)) {
                at(journey(), () -> fail(request));
                return;
            }
            long prompt = 8 + request.body().length / 4L;
            long completion = request.body().length / 4L + random.nextInt(20);
            LimitVerdict verdict = limiter.admit(now, prompt + completion, scenario.api(now - VirtualTime.START));
            boolean admitted = verdict.rejectedBy() == null;
            arrivals.add(new Arrival(now - VirtualTime.START, number, request.model(), admitted, prompt + completion));
            if (admitted) {
                limiter.succeeded(now, prompt + completion, scenario.api(now - VirtualTime.START));
                CallFeedback passed = CallFeedback.PASSED
                        .with(advertised(verdict))
                        .with(Optional.of(new TokenUsage(prompt, completion)));
                long took = between(scenario.answers().latency()) + journey();
                at(took, () -> end(request, passed));
            } else {
                at(scenario.answers().rejectionTakes().toNanos() + journey(), () -> reject(request, verdict));
            }
        }

        private AdvertisedLimits advertised(LimitVerdict verdict) {
            if (!scenario.answers().headers()) {
                return AdvertisedLimits.NONE;
            }
            return new AdvertisedLimits(current(verdict.requests()), current(verdict.tokens()));
        }

        private OptionalDouble current(LimitVerdict.@Nullable DimensionState state) {
            return state == null ? OptionalDouble.empty() : OptionalDouble.of(state.current());
        }

        private void reject(Request request, LimitVerdict verdict) {
            LimitUnit over =
                    verdict.rejectedBy() == LimitVerdict.Dimension.TOKENS ? LimitUnit.TOKENS : LimitUnit.REQUESTS;
            Duration hint = scenario.answers().hints()
                    ? Duration.ofMillis(-Math.floorDiv(-verdict.waitNanos(), MILLI))
                    : Duration.ZERO;
            again(request, hint.toNanos());
            end(request, CallFeedback.limited(over, hint).with(advertised(verdict)));
        }

        private void fail(Request request) {
            CallFeedback failed = CallFeedback.failed(FailureKind.SERVER, "503", false);
            if (!pace.evidence(request).isStopped()) {
                again(request, 0);
                end(request, failed);
            } else {
                pace.putBack(request, failed);
                step();
            }
        }

        /** Adds the request again later, as a new record. */
        private void again(Request request, long leastNanos) {
            int deferrals = request.input().deferrals() + 1;
            long backoff = random.nextLong(Math.min(60_000, 1000L << Math.min(6, deferrals - 1))) * MILLI;
            Request again = Requests.ofModel(request.model())
                    .at(offset++)
                    .withBody(request.body())
                    .counted(0, deferrals)
                    .build();
            at(Math.max(leastNanos, backoff), () -> {
                pace.accept(again);
                step();
            });
        }

        private void end(Request request, CallFeedback feedback) {
            pace.ended(request, feedback);
            step();
        }
    }
}
