package dev.sluice.worker.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.Requests;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ReadAheadTest {
    private static final Assignment ASSIGNMENT = new Assignment(FakeLog.requests(0));
    private static final TrafficClass CLASS = TrafficClass.REQUESTS;

    private final AtomicLong answers = new AtomicLong();
    private final ReadAhead readAhead =
            new ReadAhead(new Intake.Bounds(100, 1 << 20, 40, 1_000, Duration.ZERO), answers::get);

    private int offset;

    @Test
    void oneBacklogAloneHasHalf() {
        assertThat(fill("a")).isEqualTo(50);
        assertThat(readAhead.isFull(CLASS)).isFalse();
    }

    @Test
    void whoeverComesLaterFindsRoom() {
        int total = 0;
        for (int i = 0; i < 20; i++) {
            int found = fill("tenant " + i);
            assertThat(found).as("of tenant %s", i).isPositive();
            total += found;
            if (readAhead.isFull(CLASS)) {
                break;
            }
        }
        assertThat(total).isLessThanOrEqualTo(100);
    }

    @Test
    void isShortWithLessThanHalfOfItsPart() {
        for (int i = 0; i < 33; i++) {
            assertThat(isShort(backlog("a"))).as("with %s", i).isTrue();
            add("a");
        }
        add("a");
        assertThat(isShort(backlog("a"))).isFalse();
        assertThat(readAhead.hasRoom(CLASS, backlog("a"))).isTrue();
    }

    @Test
    void aQuarterIsEnough() {
        for (int i = 0; i < 24; i++) {
            add("tenant-" + i);
        }
        assertThat(readAhead.hasEnough()).isFalse();

        add("a");

        assertThat(readAhead.hasEnough()).isTrue();
    }

    @Test
    void aBacklogIsSlightWithLessThanOneInTwoHundredAndFiftySixOfThePool() {
        ReadAhead large = new ReadAhead(new Intake.Bounds(2_000, 1 << 20, 40, 1_000, Duration.ZERO), () -> 0);
        for (int i = 0; i < 8; i++) {
            assertThat(large.isSlight(CLASS, backlog("a"))).as("with %s", i).isTrue();
            large.ready(request().input(), backlog("a"));
        }
        assertThat(large.isSlight(CLASS, backlog("a"))).isFalse();

        Request heavy = Requests.ofModel("m")
                .under(ASSIGNMENT)
                .withBody(new byte[5_000])
                .build();
        large.ready(heavy.input(), backlog("b"));

        assertThat(large.isSlight(CLASS, backlog("b"))).isFalse();
    }

    @Test
    void ofManyBacklogsOneIsShort() {
        add("few");
        fill("a");
        fill("b");

        assertThat(readAhead.isAnyShort(CLASS, List.of(backlog("a"), backlog("few"), backlog("b")), each -> true))
                .isTrue();
        assertThat(readAhead.isAnyShort(
                        CLASS, List.of(backlog("a"), backlog("few")), each -> !each.equals(backlog("few"))))
                .isFalse();
        assertThat(readAhead.isAnyShort(CLASS, List.of(), each -> true)).isFalse();
    }

    /** While a class is full there is a reserve for models that have little, however many tenants others have. */
    @Test
    void whileAClassIsFullOnlyModelsWithLittleAreShort() {
        for (int i = 0; !readAhead.isFull(CLASS); i++) {
            add("tenant-" + i);
        }
        List<Backlog> ofOneModel = List.of(backlog("tenant-0"), backlog("new"), backlog("tenant-1"));
        Backlog ofAnother = new Backlog("other", "new", Backlog.Kind.NEW);

        assertThat(readAhead.isAnyShort(CLASS, ofOneModel, each -> true)).isFalse();
        assertThat(readAhead.isAnyShort(CLASS, List.of(backlog("new"), ofAnother, backlog("new")), each -> true))
                .isTrue();
    }

    @Test
    void toleratesMoreUpToThreeQuarters() {
        int count = 0;
        while (readAhead.toleratesMore(CLASS, backlog("a"))) {
            add("a");
            count++;
        }
        assertThat(count).isEqualTo(75);
    }

    @Test
    void backlogsOfOneFlowAreApart() {
        fill("a");
        Backlog called = new Backlog("m", "a", Backlog.Kind.CALLED_BEFORE);

        assertThat(readAhead.hasRoom(CLASS, called)).isTrue();
    }

    @Test
    void answersTakeTheSamePartOfEachClass() {
        answers.set(1 << 20);

        for (TrafficClass each : TrafficClass.values()) {
            assertThat(readAhead.isFull(each)).as("%s", each).isTrue();
        }
        answers.set((1 << 20) - 10);
        for (TrafficClass each : TrafficClass.values()) {
            assertThat(readAhead.isFull(each)).as("%s", each).isFalse();
        }
    }

    @Test
    void aRecordCountsInOnePlaceAtATime() {
        InputRecord record = request().input();
        readAhead.leaving(record, backlog("a"));
        readAhead.notDue(record, backlog("a"));
        readAhead.ready(record, backlog("a"));

        readAhead.remove(record);
        readAhead.remove(record);

        assertThat(fill("a")).isEqualTo(50);
    }

    @Test
    void oneLargeRecordIsReadIfItsClassIsNotFull() {
        Request large = Requests.ofModel("m")
                .under(ASSIGNMENT)
                .withBody(new byte[1 << 20])
                .build();
        assertThat(readAhead.hasRoom(CLASS, backlog("a"))).isTrue();

        readAhead.ready(large.input(), backlog("a"));

        assertThat(readAhead.isFull(CLASS)).isTrue();
        readAhead.remove(large.input());
        assertThat(readAhead.isFull(CLASS)).isFalse();
    }

    /** The plain model counts lists. */
    @Test
    void countsLikeLists() {
        for (long seed = 0; seed < 100; seed++) {
            Random random = new Random(seed);
            ReadAhead tested = new ReadAhead(new Intake.Bounds(60, 1 << 20, 40, 1_000, Duration.ZERO), () -> 0);
            Map<String, List<InputRecord>> model = new HashMap<>();
            for (int i = 0; i < 500; i++) {
                String tenant = "t" + random.nextInt(6);
                List<InputRecord> of = model.computeIfAbsent(tenant, each -> new ArrayList<>());
                int all = model.values().stream().mapToInt(List::size).sum();
                boolean hasRoom = all < 60 && (of.isEmpty() || of.size() < 60 - all);
                assertThat(tested.hasRoom(CLASS, backlog(tenant)))
                        .as("seed %s, step %s", seed, i)
                        .isEqualTo(hasRoom);
                if (hasRoom && random.nextInt(3) > 0) {
                    InputRecord record = request().input();
                    tested.ready(record, backlog(tenant));
                    of.add(record);
                } else if (!of.isEmpty()) {
                    tested.remove(of.remove(random.nextInt(of.size())));
                }
            }
        }
    }

    private int fill(String tenant) {
        int count = 0;
        while (readAhead.hasRoom(CLASS, backlog(tenant))) {
            add(tenant);
            count++;
        }
        return count;
    }

    private void add(String tenant) {
        readAhead.ready(request().input(), backlog(tenant));
    }

    private Request request() {
        return Requests.ofModel("m").under(ASSIGNMENT).at(offset++).build();
    }

    private static Backlog backlog(String tenant) {
        return new Backlog("m", tenant, Backlog.Kind.NEW);
    }

    private boolean isShort(Backlog backlog) {
        return readAhead.isAnyShort(CLASS, List.of(backlog), each -> true);
    }
}
