package dev.sluice.worker.settle;

import dev.sluice.worker.kafka.AdminTimeouts;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTransactionsOptions;
import org.apache.kafka.clients.admin.TransactionState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The transactional id of a worker, which it can change for the next one. Kafka lets nobody go on with an id whose last
 * transaction it cannot end, because a partition of it takes no records, not even the marker of the end. Owned by the
 * settle thread.
 */
public final class TransactionalId implements Transactions.Id {
    private static final Logger log = LoggerFactory.getLogger(TransactionalId.class);
    private static final Pattern NUMBER = Pattern.compile("~\\d+$");

    private final Admin admin;
    private final String first;
    private int changes;

    public TransactionalId(Admin admin, String first) {
        this.admin = admin;
        this.first = first;
    }

    /** Returns the id to use now. */
    public String current() {
        return changes == 0 ? first : first + "~" + changes;
    }

    /** Returns the first id of the worker that uses this one. */
    static String first(String id) {
        return NUMBER.matcher(id).replaceFirst("");
    }

    @Override
    public boolean isEnding() {
        DescribeTransactionsOptions options =
                new DescribeTransactionsOptions().timeoutMs(AdminTimeouts.BACKGROUND_MILLIS);
        try {
            TransactionState state = admin.describeTransactions(List.of(current()), options)
                    .description(current())
                    .get()
                    .state();
            return state == TransactionState.PREPARE_COMMIT || state == TransactionState.PREPARE_ABORT;
        } catch (ExecutionException unknown) {
            log.atDebug().setCause(unknown).log("State of the last transaction is unknown");
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Override
    public void change() {
        changes++;
    }
}
