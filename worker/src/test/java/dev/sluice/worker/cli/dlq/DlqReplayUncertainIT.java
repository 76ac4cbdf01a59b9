package dev.sluice.worker.cli.dlq;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.worker.cli.TestTerminal;
import dev.sluice.worker.deadletters.DeadLetterFilter;
import dev.sluice.worker.deadletters.DeadLetterReplay;
import dev.sluice.worker.deadletters.DeadLetterTopic;
import dev.sluice.worker.deadletters.ReplayFailure;
import dev.sluice.worker.deadletters.ReplaySelection;
import dev.sluice.worker.kafka.KafkaClients;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests replays whose commit has an unknown result, and replays that run at the same time. */
class DlqReplayUncertainIT {
    private static final int LETTERS = 700; // more than one transaction's worth

    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private final Map<String, Integer> eachOnce = new TreeMap<>();
    private DeadLetterBox box;

    @BeforeEach
    void open() throws Exception {
        box = new DeadLetterBox(kafka.bootstrapServers(), kafka.uniqueName("uncertain"));
        for (int i = 0; i < LETTERS; i++) {
            box.put("id-" + i, "rejected");
            eachOnce.put("id-" + i, 1);
        }
        box.flush();
    }

    @AfterEach
    void close() {
        box.close();
    }

    @Test
    void aCommitWhoseResponseIsLostIsNotRepeated() throws Exception {
        DeadLetterReplay.Result result = replayWithLostCommit(true);

        assertThat(result.failure()).get().asString().contains("connection lost");
        assertThat(box.requestIds()).isNotEmpty().hasSizeLessThan(LETTERS);
        assertThat(terminal("replay", "--yes")).contains("sent and marked as replayed");
        assertThat(box.requestIds()).isEqualTo(eachOnce);
    }

    @Test
    void aCommitThatNeverArrivesIsRepeatedByTheNextReplay() throws Exception {
        DeadLetterReplay.Result result = replayWithLostCommit(false);

        assertThat(result.failure()).get().asString().contains("connection lost");
        assertThat(terminal("replay", "--yes")).contains(LETTERS + " sent and marked as replayed");
        assertThat(box.requestIds()).isEqualTo(eachOnce);
    }

    @Test
    void concurrentReplaysSendEachLetterOnce() throws Exception {
        CompletableFuture<String> one = CompletableFuture.supplyAsync(() -> terminal("replay", "--yes", "--rate=2000"));
        CompletableFuture<String> other =
                CompletableFuture.supplyAsync(() -> terminal("replay", "--yes", "--rate=2000"));
        String words = one.get(60, TimeUnit.SECONDS) + other.get(60, TimeUnit.SECONDS);

        assertThat(box.requestIds()).as(words).isEqualTo(eachOnce);
        assertThat(terminal("replay", "--yes")).contains("none of the " + LETTERS + " letters");
    }

    @Test
    void aDenialAfterACommitIsReportedWithTheNumberOfSentLetters() throws Exception {
        TopicAuthorizationException denial = new TopicAuthorizationException(Set.of(box.topics.requests()));

        DeadLetterReplay.Result result = replay(producer -> deniedAfterACommit(producer, denial));

        assertThat(result.failure()).contains(new ReplayFailure.Denied(denial, true));
        assertThat(result.sent()).isPositive().isLessThan(LETTERS);
        assertThat(box.requestIds()).hasSize((int) result.sent());
        assertThat(terminal("replay", "--yes")).contains(LETTERS - result.sent() + " sent and marked as replayed");
        assertThat(box.requestIds()).isEqualTo(eachOnce);
    }

    /** @param arrives whether the commit reaches the broker and only its response is lost */
    private DeadLetterReplay.Result replayWithLostCommit(boolean arrives) throws Exception {
        return replay(producer -> losingCommits(producer, arrives));
    }

    private DeadLetterReplay.Result replay(UnaryOperator<Producer<byte[], byte[]>> faultInjector) throws Exception {
        Map<String, Object> config = Map.of("bootstrap.servers", kafka.bootstrapServers());
        try (Admin admin = Admin.create(config);
                DeadLetterTopic topic =
                        new DeadLetterTopic(admin, config, box.topics.dead(), DeadLetterBox.PARTITIONS);
                Producer<byte[], byte[]> producer = KafkaClients.transactionalProducer(
                        config, DeadLetterReplay.transactionalId(box.topics), 1 << 20)) {
            return new DeadLetterReplay(
                            topic,
                            new ReplaySelection(DeadLetterFilter.ALL, List.of(), 3),
                            faultInjector.apply(producer),
                            box.topics,
                            new DeadLetterReplay.Pacing(Long.MAX_VALUE, Double.POSITIVE_INFINITY),
                            "test",
                            sent -> {})
                    .run();
        }
    }

    private static Producer<byte[], byte[]> losingCommits(Producer<byte[], byte[]> producer, boolean arrives) {
        return proxy((method, args) -> {
            boolean commit = method.getName().equals("commitTransaction");
            Object answer = commit && !arrives ? null : method.invoke(producer, args);
            if (commit) {
                throw new KafkaException("connection lost");
            }
            return answer;
        });
    }

    private static Producer<byte[], byte[]> deniedAfterACommit(
            Producer<byte[], byte[]> producer, TopicAuthorizationException denial) {
        AtomicBoolean committed = new AtomicBoolean();
        return proxy((method, args) -> {
            if (committed.get() && method.getName().equals("send")) {
                ((Callback) args[1]).onCompletion(null, denial);
                return null;
            }
            Object answer = method.invoke(producer, args);
            committed.compareAndSet(false, method.getName().equals("commitTransaction"));
            return answer;
        });
    }

    private interface Calls {
        @Nullable
        Object on(Method method, Object[] args) throws Exception;
    }

    @SuppressWarnings("unchecked") // a proxy of an interface with parameters
    private static Producer<byte[], byte[]> proxy(Calls calls) {
        return (Producer<byte[], byte[]>) Proxy.newProxyInstance(
                Producer.class.getClassLoader(), new Class<?>[] {Producer.class}, (proxy, method, args) -> {
                    try {
                        return calls.on(method, args);
                    } catch (InvocationTargetException failed) {
                        throw failed.getCause();
                    }
                });
    }

    private String terminal(String... words) {
        TestTerminal terminal = new TestTerminal();
        List<String> command = new ArrayList<>(List.of("dlq"));
        command.addAll(List.of(words));
        command.addAll(List.of("--topic=" + box.topics.base(), "--bootstrap-servers=" + kafka.bootstrapServers()));
        terminal.run(command.toArray(String[]::new));
        return terminal.out() + terminal.err();
    }
}
