package dev.sluice.worker.cli.topics;

import dev.sluice.worker.topics.TopicPlan;
import java.io.PrintStream;
import java.util.List;

/** Prints the topics of a queue as YAML, for the tool that creates topics where {@code topics create} may not. */
final class TopicsYaml {
    private TopicsYaml() {}

    /**
     * @param bundles the number of bundles, from which the partitions of each topic follow
     * @param replication the copies of each partition. Below 1 it is left out, since the broker's default counts.
     */
    static void print(PrintStream out, List<TopicPlan> plans, int bundles, int replication) {
        out.println("topics:");
        for (TopicPlan plan : plans) {
            out.println("  - name: " + plan.name());
            out.println("    partitions: " + plan.partitions(bundles));
            if (replication >= 1) {
                out.println("    replication: " + replication);
            }
            out.println("    config:");
            plan.settings().forEach((setting, value) -> out.println("      " + setting + ": \"" + value + '"'));
        }
    }
}
