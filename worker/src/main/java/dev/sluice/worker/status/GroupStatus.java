package dev.sluice.worker.status;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The workers of a queue, as their consumer group knows them. Immutable.
 *
 * @param state Kafka's word in lower case, such as {@code stable} or {@code preparing_rebalance}, or {@link #NONE}
 */
public record GroupStatus(String name, String state, List<Member> members) {
    /** The state of a group that does not exist. */
    static final String NONE = "none";

    private static final String STABLE = "stable";

    public GroupStatus {
        members = List.copyOf(members);
    }

    /**
     * A worker.
     *
     * @param client the worker's name, which is its instance id or a random UUID
     * @param bundles the numbers of the partitions that it owns in every input topic. Empty while the group rebalances.
     * @param unread the input topics of which it reads nothing, because it is of an earlier release
     */
    public record Member(String client, String host, Set<Integer> bundles, List<String> unread) {
        public Member {
            bundles = Set.copyOf(bundles);
            unread = List.copyOf(unread);
        }
    }

    /** Returns the workers of earlier releases by each topic that they do not read. Empty during a rebalance. */
    Map<String, List<String>> unread() {
        Map<String, List<String>> unread = new LinkedHashMap<>();
        if (state.equals(STABLE)) {
            members.forEach(member -> member.unread()
                    .forEach(topic -> unread.computeIfAbsent(topic, first -> new ArrayList<>())
                            .add(member.client())));
        }
        return unread;
    }

    /** Returns the bundles that no worker owns in a stable group. During a rebalance the set is empty. */
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
