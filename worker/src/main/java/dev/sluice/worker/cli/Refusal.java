package dev.sluice.worker.cli;

/** A command that cannot start: exit code 2. The message is all that is shown: what is wrong, and the remedy. */
final class Refusal extends RuntimeException {
    Refusal(String message) {
        super(message);
    }
}
