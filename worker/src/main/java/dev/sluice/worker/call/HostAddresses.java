package dev.sluice.worker.call;

import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The addresses of one host. They are looked up with the JVM's resolver, so that the system's own rules hold, and again
 * every few seconds in which there are calls. The JVM itself keeps them for 30 s. Addresses that are known stay in use
 * while a look-up takes long. Owned by the event loop.
 */
final class HostAddresses {
    private static final long FRESH_NANOS = Duration.ofSeconds(5).toNanos();
    /** A resolver that answers at all is faster. */
    private static final long WAIT_NANOS = Duration.ofMillis(500).toNanos();

    private final Vertx vertx;
    private final String host;
    private final Lookup lookup;
    private final LongSupplier nanoTime;
    private List<InetAddress> last = List.of();
    private long lookedUpAt;
    private long askedAt;
    private @Nullable Future<List<InetAddress>> pending;
    private final Set<InetAddress> failing = new HashSet<>();

    /** Finds the addresses of a host. It may block. */
    interface Lookup {
        InetAddress[] find(String host) throws UnknownHostException;
    }

    HostAddresses(Vertx vertx, String host) {
        this(vertx, host, InetAddress::getAllByName, System::nanoTime);
    }

    HostAddresses(Vertx vertx, String host, Lookup lookup, LongSupplier nanoTime) {
        this.vertx = vertx;
        this.host = host;
        this.lookup = lookup;
        this.nanoTime = nanoTime;
    }

    /**
     * Returns the addresses in the order in which to try them, at least one. Those that could not be reached are last.
     * If the host cannot be looked up, or not soon, its last addresses stay in use.
     */
    Future<List<InetAddress>> current() {
        if (!last.isEmpty() && nanoTime.getAsLong() - lookedUpAt < FRESH_NANOS) {
            return Future.succeededFuture(inOrder());
        }
        if (pending == null || pending.isComplete()) {
            askedAt = nanoTime.getAsLong();
            pending = vertx.executeBlocking(() -> List.of(lookup.find(host)), false)
                    .transform(this::lookedUp);
        }
        return last.isEmpty() ? pending : known(pending);
    }

    /** Returns the addresses after the look-up, or the last ones if it takes too long. */
    private Future<List<InetAddress>> known(Future<List<InetAddress>> asked) {
        long wait = askedAt + WAIT_NANOS - nanoTime.getAsLong();
        return wait <= 0
                ? Future.succeededFuture(inOrder())
                : asked.timeout(wait, TimeUnit.NANOSECONDS).otherwise(late -> inOrder());
    }

    private Future<List<InetAddress>> lookedUp(AsyncResult<List<InetAddress>> found) {
        lookedUpAt = nanoTime.getAsLong();
        if (found.succeeded()) {
            last = found.result();
            failing.retainAll(Set.copyOf(last));
        } else if (last.isEmpty()) {
            boolean isUnknown = found.cause() instanceof UnknownHostException;
            return Future.failedFuture(isUnknown ? new UnknownHostException(host) : found.cause());
        }
        return Future.succeededFuture(inOrder());
    }

    private List<InetAddress> inOrder() {
        if (failing.isEmpty()) {
            return last;
        }
        return Stream.concat(
                        last.stream().filter(address -> !failing.contains(address)),
                        last.stream().filter(failing::contains))
                .toList();
    }

    /** Records that an address could be connected to. */
    void reached(InetAddress address) {
        failing.remove(address);
    }

    /** Records that an address could not be connected to. */
    void missed(InetAddress address) {
        failing.add(address);
    }
}
