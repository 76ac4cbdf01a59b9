package dev.sluice.sandbox;

import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.common.Uuid;

/**
 * The place of a broker in its cluster, and what it shares with the others.
 *
 * @param clusterId the id that the data of all its brokers carries
 * @param nodeId the id of this broker among them
 * @param voters the ports of the controllers by the ids of their brokers
 */
record ClusterMember(String clusterId, int nodeId, Map<Integer, Integer> voters) {
    private static final int FEWEST_COPIES = 2;

    ClusterMember {
        voters = new TreeMap<>(voters);
    }

    /** Returns the only broker of a new cluster. */
    static ClusterMember alone(int controllerPort) {
        return new ClusterMember(newClusterId(), 1, Map.of(1, controllerPort));
    }

    static String newClusterId() {
        return Uuid.randomUuid().toString();
    }

    /** Returns the value of {@code controller.quorum.voters}. */
    String quorum() {
        return voters.entrySet().stream()
                .map(voter -> voter.getKey() + "@localhost:" + voter.getValue())
                .collect(Collectors.joining(","));
    }

    /** Returns the number of replicas of each partition, as a property takes it. */
    String replicas() {
        return Integer.toString(voters.size());
    }

    /** Returns the number of replicas that must be in sync for a write, as a property takes it. */
    String minInSync() {
        return Integer.toString(Math.min(FEWEST_COPIES, voters.size()));
    }
}
