package dev.sluice.trials.chaos;

import dev.sluice.trials.PolledCondition;
import dev.sluice.trials.SluiceJar;
import dev.sluice.trials.WorkerProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A port on which the process of one HTTP door runs after another. Thread-safe. */
final class DoorSlot implements AutoCloseable {
    private static final int CONNECT_MILLIS = 1_000;
    private static final long RESTART_SECONDS = 1;

    private final int number;
    private final List<SluiceJar> releases;
    private final List<String> options;
    private final int port;
    private final List<String> crashed = new CopyOnWriteArrayList<>();
    private int lives;
    private boolean closed;
    private @Nullable WorkerProcess process;

    /** @param releases the releases that the processes of this slot are of, by turns */
    DoorSlot(int number, List<SluiceJar> releases, List<String> options) throws IOException {
        this.number = number;
        this.releases = List.copyOf(releases);
        this.options = List.copyOf(options);
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            this.port = free.getLocalPort();
        }
    }

    InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    String baseUrl() {
        return "http://127.0.0.1:" + port + "/v1";
    }

    /** Returns the name of the process that runs or ran last. */
    synchronized String name() {
        return "door" + number + "-" + lives;
    }

    /** Starts the next process on the same port. Does nothing if the slot is closed. */
    synchronized void start() {
        if (closed) {
            return;
        }
        SluiceJar jar = releases.get(lives % releases.size());
        lives++;
        List<String> all = new ArrayList<>(options);
        all.add("--port=" + port);
        WorkerProcess life = jar.startGateway(name(), all);
        process = life;
        String name = name();
        var unused = life.exit().thenAccept(exitCode -> ended(life, name));
    }

    /** Starts the next process after one that has ended by itself, as a supervisor does. */
    private void ended(WorkerProcess life, String name) {
        if (life.end() == WorkerProcess.ProcessEnd.UNASKED) {
            if (life.log().stream().anyMatch(line -> line.contains("Gateway listens"))) {
                crashed.add(name);
            }
            CompletableFuture.delayedExecutor(RESTART_SECONDS, TimeUnit.SECONDS).execute(this::start);
        }
    }

    /** Returns the names of the processes that have listened and then ended by themselves. */
    List<String> crashed() {
        return List.copyOf(crashed);
    }

    /** Waits until the port takes connections. */
    void awaitListening(Duration bound) throws InterruptedException {
        PolledCondition.await("the port of " + name(), bound, this::isListening);
    }

    private boolean isListening() {
        try (Socket socket = new Socket()) {
            socket.connect(address(), CONNECT_MILLIS);
            return true;
        } catch (IOException refused) {
            return false;
        }
    }

    /** Returns the process that runs or ran last. */
    synchronized WorkerProcess process() {
        if (process == null) {
            throw new IllegalStateException("door " + number + " was not started");
        }
        return process;
    }

    @Override
    public void close() throws InterruptedException {
        synchronized (this) {
            closed = true;
        }
        WorkerProcess last = process();
        if (last.isAlive()) {
            last.kill();
        }
    }
}
