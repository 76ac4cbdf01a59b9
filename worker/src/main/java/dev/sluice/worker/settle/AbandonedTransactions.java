package dev.sluice.worker.settle;

import dev.sluice.worker.kafka.AdminTimeouts;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeConsumerGroupsOptions;
import org.apache.kafka.clients.admin.FenceProducersOptions;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the transactions that dead workers have left open. Left alone they hold back their partitions' committed offsets,
 * and all readers of replies, until the broker finds that they took too long: with its defaults that is up to 20 s after
 * they began, though their timeout is 10 s (it looks every 10 s).
 *
 * <p>Dead is who has a transaction under our queue's prefix and is no member of the group. To end the transaction of a
 * worker that is alive all the same would do no harm: it initialises its id anew and sends again what was aborted. Where
 * this may not be done (see the README's ACLs), the broker's timeout does it. Owned by the poll thread; does not block.
 */
public final class AbandonedTransactions {
    private static final long EVERY_NANOS = Duration.ofSeconds(1).toNanos();

    private static final Logger log = LoggerFactory.getLogger(AbandonedTransactions.class);

    private final Admin admin;
    private final String group;
    private final String prefix;
    private final LongSupplier nanoTime;
    private long lookedAt;
    private CompletableFuture<?> look = CompletableFuture.completedFuture(null);

    /** @param prefix of the queue's transactional ids; behind it comes the client id of the worker's consumer */
    public AbandonedTransactions(Admin admin, String group, String prefix, LongSupplier nanoTime) {
        this.admin = admin;
        this.group = group;
        this.prefix = prefix;
        this.nanoTime = nanoTime;
        this.lookedAt = nanoTime.getAsLong() - EVERY_NANOS;
    }

    /** Looks for such transactions, unless that was done just now, and ends them in the background. */
    public void end() {
        long now = nanoTime.getAsLong();
        if (!look.isDone() || now - lookedAt < EVERY_NANOS) {
            return;
        }
        lookedAt = now;
        look = open().thenCombine(members(), this::dead)
                .thenCompose(this::fence)
                .exceptionally(failure -> {
                    log.atDebug().setCause(failure).log("transactions of dead workers cannot be ended");
                    return null;
                })
                .toCompletableFuture();
    }

    private CompletionStage<Collection<TransactionListing>> open() {
        ListTransactionsOptions ongoing = new ListTransactionsOptions().filterStates(Set.of(TransactionState.ONGOING));
        return admin.listTransactions(ongoing.timeoutMs(AdminTimeouts.BACKGROUND_MILLIS))
                .all()
                .toCompletionStage();
    }

    private CompletionStage<Set<String>> members() {
        return admin.describeConsumerGroups(
                        List.of(group), new DescribeConsumerGroupsOptions().timeoutMs(AdminTimeouts.BACKGROUND_MILLIS))
                .describedGroups()
                .get(group)
                .toCompletionStage()
                .thenApply(described -> described.members().stream()
                        .map(MemberDescription::clientId)
                        .collect(Collectors.toSet()));
    }

    private Set<String> dead(Collection<TransactionListing> open, Set<String> members) {
        return open.stream()
                .map(TransactionListing::transactionalId)
                .filter(id -> id.startsWith(prefix) && !members.contains(id.substring(prefix.length())))
                .collect(Collectors.toSet());
    }

    private CompletionStage<Void> fence(Set<String> ids) {
        if (ids.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        log.atInfo().addKeyValue("transactionalIds", ids).log("ending transactions of dead workers");
        return admin.fenceProducers(ids, new FenceProducersOptions().timeoutMs(AdminTimeouts.BACKGROUND_MILLIS))
                .all()
                .toCompletionStage();
    }
}
