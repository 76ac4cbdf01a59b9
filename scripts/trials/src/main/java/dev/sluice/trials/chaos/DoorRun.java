package dev.sluice.trials.chaos;

import static java.util.stream.Collectors.toMap;

import dev.sluice.trials.chaos.DoorPlan.ClientKind;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * A trial of HTTP doors. Many requests wait at once while doors, workers and the broker are struck. Then a door is
 * stopped that has time to answer what waits.
 */
final class DoorRun {
    private static final Duration END_BOUND = Duration.ofMinutes(10);
    private static final long DRAINED_MILLIS = 3_000;
    /** The seconds of calls that wait at a door which is stopped. They end within its drain. */
    private static final int DRAINED_SECONDS = 7;

    private final DoorRig rig;
    private final DoorPlan plan;
    private final Consumer<String> say;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "door-clients");
        thread.setDaemon(true);
        return thread;
    });
    private int asked;

    DoorRun(DoorRig rig, DoorPlan plan, Consumer<String> say) {
        this.rig = rig;
        this.plan = plan;
        this.say = say;
    }

    /** Runs the plan, then stops a door and the workers. */
    DoorHistory run() throws InterruptedException {
        try (DoorStrikes strikes = new DoorStrikes(rig, say)) {
            List<RetryingClient> clients = new ArrayList<>();
            List<CompletableFuture<Void>> ends = new ArrayList<>();
            for (ClientKind kind : plan.clients()) {
                RetryingClient client = client(clients.size() % rig.doors().size(), kind);
                clients.add(client);
                ends.add(client.begin());
            }
            CompletableFuture<Void> struck = strikes.start(plan.strikes());
            await(ends);
            say.accept("all clients have ended");
            struck.get(END_BOUND.toSeconds(), TimeUnit.SECONDS);
            return stop(tries(clients));
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("a strike was not possible", e);
        } finally {
            timer.shutdownNow();
        }
    }

    /** Stops a door at which requests wait, which have as much time as they need. */
    private DoorHistory stop(Map<String, List<DoorTry>> tries) throws InterruptedException {
        DoorSlot door = rig.doors().get(0);
        List<RetryingClient> waiting = new ArrayList<>();
        List<CompletableFuture<Void>> ends = new ArrayList<>();
        for (int i = 0; i < DRAINED_SECONDS * rig.perSecond(); i++) {
            RetryingClient client = client(0, i % 3 == 0 ? ClientKind.STREAMS : ClientKind.WAITS);
            waiting.add(client);
            ends.add(client.begin());
        }
        Thread.sleep(DRAINED_MILLIS);
        long open = ends.stream().filter(end -> !end.isDone()).count();
        say.accept("SIGTERM for " + door.name() + ", at which " + open + " requests wait");
        if (open == 0 || !door.process().terminate(2 * rig.drain().toSeconds())) {
            throw new IllegalStateException(open == 0 ? "nothing waited any more" : "the door has not stopped");
        }
        int exitCode = door.process().exit().join();
        door.start();
        await(ends);
        Set<String> queued = rig.finish(END_BOUND);
        List<String> crashed =
                rig.doors().stream().flatMap(each -> each.crashed().stream()).toList();
        return new DoorHistory(
                tries, tries(waiting), exitCode, crashed, queued, rig.recorder().history());
    }

    private RetryingClient client(int door, ClientKind kind) {
        return new RetryingClient(http, timer, rig.doors(), "chaos-%06d".formatted(asked++), door, kind);
    }

    /** Waits until all have ended. What has not ended by then is for the checks. */
    private void await(List<CompletableFuture<Void>> ends) throws InterruptedException {
        try {
            CompletableFuture.allOf(ends.toArray(CompletableFuture<?>[]::new))
                    .get(END_BOUND.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            say.accept("some clients have not ended within " + END_BOUND);
        } catch (ExecutionException e) {
            throw new IllegalStateException("a client has failed", e);
        }
    }

    private static Map<String, List<DoorTry>> tries(List<RetryingClient> clients) {
        return Collections.unmodifiableMap(clients.stream().collect(toMap(RetryingClient::id, RetryingClient::tries)));
    }
}
