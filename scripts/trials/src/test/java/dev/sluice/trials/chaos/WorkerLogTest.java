package dev.sluice.trials.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.trials.WorkerProcess.ProcessEnd;
import dev.sluice.trials.chaos.history.CommitObstacle;
import dev.sluice.trials.chaos.history.CommitObstacle.ObstacleCause;
import dev.sluice.trials.chaos.history.WorkerLife;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class WorkerLogTest {
    private static final String TIME = "2026-11-24T09:12:51.052Z";
    private static final long MILLIS = Instant.parse(TIME).toEpochMilli();

    private static WorkerLife life(ProcessEnd end, String... lines) {
        return new WorkerLog(List.of(lines)).life("w1-1", 0, MILLIS + 5, end, 0);
    }

    @Test
    void findsTheObstaclesToCommits() {
        WorkerLife life = life(
                ProcessEnd.TERMINATED,
                TIME + " INFO  Worker Worker starts topic=\"chat\"",
                TIME + " WARN  RebalanceHandler Calls did not end in time; they are cancelled",
                TIME + " WARN  RebalanceHandler Partitions lost; their calls are cancelled lost=\"[chat.requests-0]\"",
                TIME + " WARN  Transactions transaction failed error=\"org.apache…CommitFailedException: …\"");

        assertThat(life.obstacles())
                .extracting(CommitObstacle::cause)
                .containsExactly(ObstacleCause.SLOW_DRAIN, ObstacleCause.LOST_PARTITIONS, ObstacleCause.REBALANCING);
        assertThat(life.obstacles()).allSatisfy(obstacle -> {
            assertThat(obstacle.worker()).isEqualTo("w1-1");
            assertThat(obstacle.to()).isEqualTo(MILLIS);
        });
    }

    @Test
    void aKilledWorkerWasKilledAtItsEnd() {
        assertThat(life(ProcessEnd.KILLED).obstacles())
                .containsExactly(new CommitObstacle("w1-1", ObstacleCause.KILLED, MILLIS + 5, MILLIS + 5));
    }

    @Test
    void keepsTheLastLines() {
        String[] lines = new String[50];
        for (int i = 0; i < lines.length; i++) {
            lines[i] = "line " + i;
        }

        assertThat(life(ProcessEnd.UNASKED, lines).logTail())
                .startsWith("line 20\n")
                .endsWith("line 49");
    }
}
