package dev.sluice.trials.chaos;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * A plan of a trial of HTTP doors. Everything follows from the seed and the other numbers.
 *
 * @param clients what each client does; all of them begin at once
 * @param strikes the strikes in the order of their time
 */
record DoorPlan(long seed, List<ClientKind> clients, List<Strike> strikes) {
    /** The time before the first strike, in which the requests are published. */
    private static final long LEAD_MILLIS = 3_000;

    private static final int LEAVING = 8;
    /** The clients of a hundred that stream their answers unless a trial says otherwise. */
    static final int STREAMING = 25;

    /** The habits of a client beside waiting. */
    enum ClientKind {
        WAITS,
        STREAMS,
        /** It goes after a moment and tries again at once, which no call may show. */
        LEAVES_ONCE
    }

    /** A kind of strike and how long it lasts. */
    enum StrikeKind {
        /** A door is killed (SIGKILL) and replaced. */
        KILL_DOOR(500, 3_000),
        /** A door is stopped (SIGTERM) and replaced when it has drained. */
        TERMINATE_DOOR(0, 1_000),
        /** A worker is killed (SIGKILL) and replaced. */
        KILL_WORKER(0, 3_000),
        /** A worker is frozen (SIGSTOP) for longer than its session lives, and goes on as a zombie. */
        FREEZE_WORKER(11_500, 15_000),
        /** The broker is killed (SIGKILL) and restarted. */
        KILL_BROKER(500, 4_000);

        private final int minMillis;
        private final int maxMillis;

        StrikeKind(int minMillis, int maxMillis) {
            this.minMillis = minMillis;
            this.maxMillis = maxMillis;
        }

        /** Returns its name as it is printed. */
        String words() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    /** @param choice chooses what is struck, modulo the number of candidates */
    record Strike(StrikeKind kind, long atMillis, long lengthMillis, int choice) {}

    DoorPlan {
        clients = List.copyOf(clients);
        strikes = List.copyOf(strikes);
    }

    /**
     * Draws a plan. Kinds of strikes come from shuffled decks, so that each kind comes once before any comes again.
     *
     * @param streaming how many of a hundred clients stream their answers, of those that do not leave
     * @param spacingMillis the time from one strike to the next; they may overlap
     */
    static DoorPlan of(long seed, int requests, int streaming, int strikes, long spacingMillis) {
        Random random = new Random(seed);
        List<ClientKind> clients = new ArrayList<>();
        for (int i = 0; i < requests; i++) {
            clients.add(
                    random.nextInt(LEAVING) == 0
                            ? ClientKind.LEAVES_ONCE
                            : random.nextInt(100) < streaming ? ClientKind.STREAMS : ClientKind.WAITS);
        }
        List<StrikeKind> deck = new ArrayList<>();
        List<Strike> drawn = new ArrayList<>();
        for (int i = 0; i < strikes; i++) {
            if (deck.isEmpty()) {
                deck.addAll(List.of(StrikeKind.values()));
                Collections.shuffle(deck, random);
            }
            StrikeKind kind = deck.remove(0);
            int length = kind.minMillis + random.nextInt(kind.maxMillis - kind.minMillis);
            drawn.add(new Strike(kind, LEAD_MILLIS + i * spacingMillis, length, random.nextInt(1 << 16)));
        }
        return new DoorPlan(seed, clients, drawn);
    }

    /** Returns the limit at which requests still wait when the last strike comes. */
    static int perSecond(int requests, int strikes, long spacingMillis) {
        return (int) Math.max(1, requests * 1_000L / (LEAD_MILLIS + strikes * spacingMillis));
    }
}
