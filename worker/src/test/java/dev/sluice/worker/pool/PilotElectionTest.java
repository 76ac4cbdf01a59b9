package dev.sluice.worker.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;

/** Lets several workers read one log, and asks each whether it is the pilot. */
class PilotElectionTest {
    private final Map<String, Member> members = new LinkedHashMap<>();
    private long now = 5_000_000_000L;
    private long offset;

    private final class Member {
        private final PoolParticipant participant;
        private int waiting;
        private String cause = "";
        private long epoch;
        private boolean isDead;

        Member(String name, int waiting) {
            this.participant = new PoolParticipant(name, Instant.EPOCH);
            this.waiting = waiting;
        }

        WorkerReport report() {
            BudgetReport found = new BudgetReport(
                    OptionalDouble.of(40),
                    BudgetReport.Source.FOUND,
                    waiting > 0 ? 10 : 0,
                    waiting,
                    epoch,
                    Rejections.NONE);
            LaneReport lane = new LaneReport("m", "limited", cause, waiting, 1, found, BudgetReport.NONE);
            return new WorkerReport(0, "", "", Instant.EPOCH, PoolMember.VALIDITY, 1, 3, List.of(lane));
        }

        boolean isPilot() {
            return participant
                    .shares(now)
                    .filter(shares -> shares.of("m").requests() instanceof LimitPart.Piloted)
                    .isPresent();
        }
    }

    @Test
    void theWorkerInWhichMostWaitsIsThePilot() {
        add("a", 5);
        add("b", 50);
        add("c", 20);
        pass(3);

        assertThat(pilots()).containsExactly("b");
    }

    @Test
    void ofTwoThatStandAtOnceTheFirstByNameIsThePilot() {
        add("a", 50);
        add("b", 50);
        pass(3);

        assertThat(pilots()).containsExactly("a");
    }

    @Test
    void aPilotRemainsOneWhileItHasWork() {
        add("a", 50);
        add("b", 5);
        pass(3);
        member("a").waiting = 1;
        member("b").waiting = 500;
        pass(30);

        assertThat(pilots()).containsExactly("a");
    }

    @Test
    void aPilotThatHasNothingToDoForFiveSecondsIsReplacedByOneThatHas() {
        add("a", 50);
        add("b", 5);
        pass(3);
        member("a").waiting = 0;
        pass(4);
        assertThat(pilots()).as("after four seconds").containsExactly("a");
        pass(6);

        assertThat(pilots()).as("after ten seconds").containsExactly("b");
    }

    @Test
    void aPilotWhoseLaneIsStoppedIsReplaced() {
        add("a", 50);
        add("b", 5);
        pass(3);
        member("a").cause = "unreachable";
        pass(10);

        assertThat(pilots()).containsExactly("b");
    }

    @Test
    void aPilotRemainsOneWhileAllLanesAreStopped() {
        add("a", 50);
        add("b", 5);
        pass(3);
        members.values().forEach(member -> member.cause = "unreachable");
        pass(10);

        assertThat(pilots()).containsExactly("a");
    }

    @Test
    void ofThoseThatCouldCallTheOneThatKnowsTheLatestLimitIsThePilot() {
        add("a", 50);
        add("b", 5);
        add("c", 500);
        member("b").epoch = 3;
        member("c").epoch = 4;
        member("c").cause = "unreachable";
        pass(3);

        assertThat(pilots()).containsExactly("b");
    }

    /** It knows an old limit only, and the present pilot may be among those that it has not heard of yet. */
    @Test
    void aPilotThatDidNotKnowTheOthersForAWhileListensFirst() {
        add("a", 50);
        add("b", 5);
        pass(3);
        member("a").isDead = true;
        pass(6);
        member("b").isDead = true;
        pass(5);
        member("a").isDead = false;
        pass(1);
        assertThat(pilots()).as("after a second").isEmpty();
        member("b").isDead = false;
        pass(3);

        assertThat(pilots()).hasSize(1);
    }

    @Test
    void aPilotRemainsOneWhileNobodyHasWork() {
        add("a", 50);
        add("b", 5);
        pass(3);
        members.values().forEach(member -> member.waiting = 0);
        pass(30);

        assertThat(pilots()).containsExactly("a");
    }

    @Test
    void aDeadPilotIsReplacedOnceItsReportHasLostItsValidity() {
        add("a", 50);
        add("b", 5);
        add("c", 4);
        pass(3);
        member("a").isDead = true;
        pass(6);

        assertThat(pilots()).containsExactly("b");
    }

    @Test
    void aWorkerThatComesLaterFollows() {
        add("b", 5);
        pass(3);
        add("a", 500);
        pass(10);

        assertThat(pilots()).containsExactly("b");
    }

    /** After a while in which workers did not see each other both are pilots, until each reads the other's report. */
    @Test
    void ofTwoPilotsTheOneOfTheHigherTermRemains() {
        add("a", 50);
        add("b", 5);
        pass(3);
        member("a").isDead = true;
        pass(6);
        member("a").isDead = false;
        pass(2);

        assertThat(pilots()).containsExactly("b");
    }

    private void add(String name, int waiting) {
        members.put(name, new Member(name, waiting));
    }

    private Member member(String name) {
        return Optional.ofNullable(members.get(name)).orElseThrow();
    }

    private Set<String> pilots() {
        Set<String> pilots = new TreeSet<>();
        members.forEach((name, member) -> {
            if (!member.isDead && member.isPilot()) {
                pilots.add(name);
            }
        });
        return pilots;
    }

    /** Lets seconds pass, in which each worker reports all that it has to and reads what all write. */
    private void pass(int seconds) {
        for (int i = 0; i < seconds * 20; i++) {
            now += Duration.ofMillis(50).toNanos();
            members.forEach((name, member) -> {
                if (!member.isDead) {
                    member.participant.next(member.report(), now).ifPresent(report -> append(name, report));
                }
            });
            pilots();
        }
    }

    private void append(String name, WorkerReport report) {
        byte[] value = WorkerReportJson.encode(report);
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>(
                "chat.workers",
                0,
                offset++,
                TimeUnit.NANOSECONDS.toMillis(now),
                TimestampType.LOG_APPEND_TIME,
                0,
                value.length,
                name.getBytes(StandardCharsets.UTF_8),
                value,
                new RecordHeaders(),
                Optional.empty());
        members.values().stream()
                .filter(member -> !member.isDead)
                .forEach(member -> member.participant.read(record, now));
    }
}
