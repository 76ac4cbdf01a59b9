package dev.sluice.worker.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class HostAddressesTest {
    private static final InetAddress A = address(1);
    private static final InetAddress B = address(2);
    private static final InetAddress C = address(3);

    private final Vertx vertx = Vertx.vertx();
    private final AtomicLong now = new AtomicLong();
    private final AtomicInteger lookups = new AtomicInteger();
    private volatile InetAddress[] known = {A, B};
    private volatile CountDownLatch resolver = new CountDownLatch(0);
    private final HostAddresses addresses = new HostAddresses(vertx, "api.test", this::find, now::get);

    @AfterEach
    void stop() throws Exception {
        vertx.close().await(20, TimeUnit.SECONDS);
    }

    private InetAddress[] find(String host) throws UnknownHostException {
        lookups.incrementAndGet();
        try {
            resolver.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        if (known.length == 0) {
            throw new UnknownHostException(host + ": Temporary failure in name resolution");
        }
        return known;
    }

    @Test
    void areLookedUpAgainAfterSomeSeconds() throws Exception {
        assertThat(current()).containsExactly(A, B);
        known = new InetAddress[] {C};
        assertThat(current()).containsExactly(A, B);

        now.addAndGet(Duration.ofSeconds(5).toNanos());

        assertThat(current()).containsExactly(C);
        assertThat(lookups).hasValue(2);
    }

    @Test
    void anAddressThatCannotBeReachedComesLastUntilItCan() throws Exception {
        current();
        addresses.missed(A);
        assertThat(current()).containsExactly(B, A);

        addresses.reached(A);
        assertThat(current()).containsExactly(A, B);
    }

    @Test
    void theLastOnesStayInUseWhileTheHostCannotBeLookedUp() throws Exception {
        current();
        known = new InetAddress[0];
        now.addAndGet(Duration.ofMinutes(1).toNanos());

        assertThat(current()).containsExactly(A, B);
        assertThat(current()).containsExactly(A, B);
        assertThat(lookups).hasValue(2);
    }

    @Test
    void aResolverThatHangsDelaysNoCallForLongWhileAddressesAreKnown() throws Exception {
        current();
        CountDownLatch answer = new CountDownLatch(1);
        resolver = answer;
        try {
            known = new InetAddress[] {C};
            now.addAndGet(Duration.ofSeconds(6).toNanos());
            assertThat(addresses.current().toCompletionStage().toCompletableFuture())
                    .succeedsWithin(Duration.ofSeconds(20))
                    .isEqualTo(List.of(A, B));

            now.addAndGet(Duration.ofSeconds(1).toNanos());
            assertThat(addresses.current().isComplete()).isTrue();
            assertThat(current()).containsExactly(A, B);
            assertThat(lookups).hasValue(2);
        } finally {
            answer.countDown();
        }
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(current()).containsExactly(C));
    }

    @Test
    void aHostThatWasNeverKnownIsLookedUpAtEachCall() throws Exception {
        known = new InetAddress[0];
        for (int i = 0; i < 2; i++) {
            Future<List<InetAddress>> failed = addresses.current();
            assertThat(failed.toCompletionStage().toCompletableFuture())
                    .failsWithin(Duration.ofSeconds(30))
                    .withThrowableOfType(ExecutionException.class)
                    .havingCause()
                    .isInstanceOf(UnknownHostException.class)
                    .withMessage("api.test");
        }

        known = new InetAddress[] {B};
        assertThat(current()).containsExactly(B);
    }

    private List<InetAddress> current() throws Exception {
        return addresses.current().await(30, TimeUnit.SECONDS);
    }

    private static InetAddress address(int last) {
        try {
            return InetAddress.getByAddress(new byte[] {10, 0, 0, (byte) last});
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }
}
