package dev.sluice.worker.status;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The workers of a queue, as their consumer group knows them. Immutable.
 *
 * @param state Kafka's word in lower case ({@code stable}, {@code empty}, {@code preparing_rebalance}, …), or
 *     {@link #NONE}
 */
public record GroupStatus(String name, String state, List<Member> members) {
    /** The state of a group that does not exist. */
    static final String NONE = "none";

    private static final String STABLE = "stable";

    public GroupStatus {
        members = List.copyOf(members);
    }

    /**
     * One worker.
     *
     * @param client the worker's name: its instance id, or a UUID of its own
     * @param bundles numbers of the partitions it owns in every input topic; empty while the group rebalances
     */
    public record Member(String client, String host, Set<Integer> bundles) {
        public Member {
            bundles = Set.copyOf(bundles);
        }
    }

    /** Bundles that no worker has though there are workers; none while a rebalance is under way. */
    public Set<Integer> ownerless(int width) {
        Set<Integer> ownerless = new TreeSet<>();
        if (state.equals(STABLE)) {
            for (int bundle = 0; bundle < width; bundle++) {
                ownerless.add(bundle);
            }
            members.forEach(member -> ownerless.removeAll(member.bundles()));
        }
        return ownerless;
    }
}
