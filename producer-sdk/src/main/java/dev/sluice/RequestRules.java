package dev.sluice;

import dev.sluice.InvalidChatRequestException.Problem;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * What a {@link ChatQueue} checks as it takes a request, beyond what the builders have checked. Public for those who write
 * a queue of their own, such as the one in {@code dev.sluice.testing}. Stateless.
 */
public final class RequestRules {
    private static final Duration LONGEST_DEADLINE = Duration.ofDays(365);

    private RequestRules() {}

    /**
     * Returns if the body is small enough.
     *
     * @param maxBodyBytes the queue's limit
     * @throws InvalidChatRequestException if it is larger
     */
    public static void requireSize(ChatRequest request, int maxBodyBytes) {
        if (request.bodySize() > maxBodyBytes) {
            refuse(
                    "body",
                    request.bodySize() + " bytes",
                    "must be at most " + maxBodyBytes
                            + " bytes; send less, or raise maxBodyBytes() and the topics' max.message.bytes");
        }
    }

    /**
     * When an ask expires: by the request's own word, else at the deadline.
     *
     * @param now the beginning of the deadline
     * @throws InvalidChatRequestException if the deadline is not between zero and 365 days, or over before the request may
     *     be called
     */
    public static Instant expiry(ChatRequest request, Duration deadline, Instant now) {
        if (deadline.isNegative() || deadline.isZero() || deadline.compareTo(LONGEST_DEADLINE) > 0) {
            refuse("deadline", deadline.toString(), "must be more than zero and at most " + LONGEST_DEADLINE);
        }
        Instant end = now.plus(deadline);
        request.notBefore()
                .filter(start -> !start.isBefore(end))
                .ifPresent(start -> refuse(
                        "deadline",
                        "before " + start,
                        "must leave time after the request's not-before; use submit() instead"));
        return request.expiresAt().orElse(end);
    }

    private static void refuse(String field, String found, String remedy) {
        throw new InvalidChatRequestException(List.of(new Problem(field, found, remedy)));
    }
}
