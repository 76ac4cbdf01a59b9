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
 * Ends the transactions that dead workers have left open. Owned by the poll thread. Does not block.
 *
 * <p>An open transaction delays its partitions' committed offsets and all readers of replies until the broker times it
 * out. With the broker's defaults that is up to 20 s after its begin, since its timeout is 10 s and the broker looks
 * every 10 s.
 *
 * <p>A worker is taken for dead if it has a transaction under the queue's prefix and is no member of the group. A
 * mistake does no harm. A worker that is alive initialises its id anew and sends again what was aborted. If the ACLs
 * do not allow this (see the ACLs in worker/README.md), the broker's timeout ends the transaction.
 *
 * <p>Kafka calls a transaction <i>hanging</i> if its coordinator has lost track of it (KIP-664). The transactions here
 * are not, since their coordinator lists them as ongoing.
 */
public final class AbandonedTransactions {
    private static final long INTERVAL_NANOS = Duration.ofSeconds(1).toNanos();

    private static final Logger log = LoggerFactory.getLogger(AbandonedTransactions.class);

    private final Admin admin;
    private final String group;
    private final String prefix;
    private final LongSupplier nanoTime;
    private long searchedAt;
    private CompletableFuture<?> search = CompletableFuture.completedFuture(null);

    /** @param prefix the prefix of the queue's transactional ids, which the client id of a worker's consumer follows */
    public AbandonedTransactions(Admin admin, String group, String prefix, LongSupplier nanoTime) {
        this.admin = admin;
        this.group = group;
        this.prefix = prefix;
        this.nanoTime = nanoTime;
        this.searchedAt = nanoTime.getAsLong() - INTERVAL_NANOS;
    }

    /** Finds and ends abandoned transactions in the background, at most once a second. */
    public void end() {
        long now = nanoTime.getAsLong();
        if (!search.isDone() || now - searchedAt < INTERVAL_NANOS) {
            return;
        }
        searchedAt = now;
        search = ongoing()
                .thenCombine(members(), this::abandoned)
                .thenCompose(this::fence)
                .exceptionally(failure -> {
                    log.atDebug().setCause(failure).log("Transactions of dead workers could not be ended");
                    return null;
                })
                .toCompletableFuture();
    }

    private CompletionStage<Collection<TransactionListing>> ongoing() {
        ListTransactionsOptions options = new ListTransactionsOptions().filterStates(Set.of(TransactionState.ONGOING));
        return admin.listTransactions(options.timeoutMs(AdminTimeouts.BACKGROUND_MILLIS))
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

    private Set<String> abandoned(Collection<TransactionListing> ongoing, Set<String> members) {
        return ongoing.stream()
                .map(TransactionListing::transactionalId)
                .filter(id -> id.startsWith(prefix) && !isUsedBy(members, id.substring(prefix.length())))
                .collect(Collectors.toSet());
    }

    private static boolean isUsedBy(Set<String> members, String id) {
        return members.contains(id) || members.contains(TransactionalId.first(id));
    }

    private CompletionStage<Void> fence(Set<String> ids) {
        if (ids.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        log.atInfo().addKeyValue("transactionalIds", ids).log("Transactions of dead workers are being ended");
        return admin.fenceProducers(ids, new FenceProducersOptions().timeoutMs(AdminTimeouts.BACKGROUND_MILLIS))
                .all()
                .toCompletionStage();
    }
}
