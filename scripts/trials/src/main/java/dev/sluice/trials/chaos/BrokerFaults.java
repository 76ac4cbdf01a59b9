package dev.sluice.trials.chaos;

import static java.util.stream.Collectors.joining;

import dev.sluice.sandbox.SandboxBroker;
import dev.sluice.sandbox.SandboxCluster;
import dev.sluice.trials.PolledCondition;
import dev.sluice.trials.chaos.plan.ScheduledFault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes the faults that strike brokers. Not thread-safe, since a fault begins when the last one is over. */
final class BrokerFaults {
    private static final Logger log = LoggerFactory.getLogger(BrokerFaults.class);
    /** The time that a cluster has until all replicas are in sync again. */
    private static final Duration SYNC_BOUND = Duration.ofMinutes(1);

    /** The time after which a broker has written something, and has ended by that if its disk is full. */
    private static final Duration FULL_DISK_BOUND = Duration.ofSeconds(30);

    private static final int AT_ONCE = 2;

    private final SandboxCluster cluster;
    private final ClusterLeadership leadership;
    private final KafkaProxy proxy;

    BrokerFaults(SandboxCluster cluster, ClusterLeadership leadership, KafkaProxy proxy) {
        this.cluster = cluster;
        this.leadership = leadership;
        this.proxy = proxy;
    }

    /** Chooses the brokers that a fault strikes, as they are now, in the order in which it strikes them. */
    List<SandboxBroker> targets(ScheduledFault fault) throws InterruptedException {
        return switch (fault.kind()) {
            case KILL_CONTROLLER -> List.of(cluster.broker(leadership.controller()));
            case KILL_TRANSACTION_COORDINATOR ->
                List.of(cluster.broker(leadership.leader(ClusterLeadership.TRANSACTIONS)));
            case KILL_GROUP_COORDINATOR -> List.of(cluster.broker(leadership.leader(ClusterLeadership.GROUPS)));
            case KILL_TWO_BROKERS -> chosenFirst(fault).subList(0, AT_ONCE);
            case ROLL_BROKERS, MOVE_LEADERS -> chosenFirst(fault);
            default -> chosenFirst(fault).subList(0, 1);
        };
    }

    private List<SandboxBroker> chosenFirst(ScheduledFault fault) {
        List<SandboxBroker> all = new ArrayList<>(cluster.brokers());
        Collections.rotate(all, fault.choice() % all.size());
        return all;
    }

    static String names(List<SandboxBroker> brokers) {
        return brokers.stream().map(broker -> "broker " + broker.nodeId()).collect(joining(", "));
    }

    /** Makes a fault and returns when it is over. */
    void make(ScheduledFault fault, List<SandboxBroker> targets) throws InterruptedException {
        switch (fault.kind()) {
            case KILL_BROKER,
                    KILL_CONTROLLER,
                    KILL_TRANSACTION_COORDINATOR,
                    KILL_GROUP_COORDINATOR,
                    KILL_TWO_BROKERS -> {
                targets.forEach(SandboxBroker::kill);
                restart(fault);
            }
            case RESTART_BROKER -> {
                targets.forEach(SandboxBroker::stop);
                restart(fault);
            }
            case ROLL_BROKERS -> roll(fault, targets);
            case FREEZE_BROKER -> freeze(fault, targets.get(0));
            case CUT_BROKER_OFF -> cutOff(fault, targets.get(0).nodeId());
            case MOVE_LEADERS -> leadership.moveAll();
            case FILL_DISK -> fillDisk(fault, targets.get(0));
            default -> throw new IllegalArgumentException("does not strike a broker: " + fault);
        }
    }

    private void restart(ScheduledFault fault) throws InterruptedException {
        WorkerFaults.last(fault);
        cluster.startStopped();
    }

    private void roll(ScheduledFault fault, List<SandboxBroker> targets) throws InterruptedException {
        for (SandboxBroker broker : targets) {
            broker.stop();
            restart(fault);
            awaitInSync();
        }
    }

    private static void freeze(ScheduledFault fault, SandboxBroker broker) throws InterruptedException {
        broker.suspend();
        try {
            WorkerFaults.last(fault);
        } finally {
            broker.resume();
        }
    }

    private void fillDisk(ScheduledFault fault, SandboxBroker broker) throws InterruptedException {
        broker.fillDisk();
        if (!PolledCondition.holdsWithin(FULL_DISK_BOUND, () -> !broker.isRunning())) {
            log.atWarn().addKeyValue("broker", broker.nodeId()).log("Broker goes on with a full disk");
            broker.kill();
        }
        restart(fault);
    }

    private void cutOff(ScheduledFault fault, int nodeId) throws InterruptedException {
        proxy.isolate(nodeId);
        try {
            WorkerFaults.last(fault);
        } finally {
            proxy.rejoin(nodeId);
        }
    }

    /** Waits until all replicas are in sync. A cluster that needs longer is struck again before it has recovered. */
    void awaitInSync() throws InterruptedException {
        if (!PolledCondition.holdsWithin(SYNC_BOUND, leadership::areReplicasInSync)) {
            log.atWarn().addKeyValue("within", SYNC_BOUND).log("Replicas not in sync");
        }
    }
}
