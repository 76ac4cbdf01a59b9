package dev.sluice.trials.chaos;

import dev.sluice.trials.chaos.history.RunHistory;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The history of the clients of HTTP doors.
 *
 * @param tries the tries of each client during the strikes, by the id of its request
 * @param drained the tries of those that waited at a door while it was stopped
 * @param exitCode the exit code of that door
 * @param crashed the names of the doors that have ended by themselves
 * @param queued the ids of all requests that the doors have put onto the queue
 * @param behind what the workers did meanwhile
 */
record DoorHistory(
        Map<String, List<DoorTry>> tries,
        Map<String, List<DoorTry>> drained,
        int exitCode,
        List<String> crashed,
        Set<String> queued,
        RunHistory behind) {
    DoorHistory {
        tries = Map.copyOf(tries);
        drained = Map.copyOf(drained);
        crashed = List.copyOf(crashed);
        queued = Set.copyOf(queued);
    }
}
