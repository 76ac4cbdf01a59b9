package dev.sluice;

import dev.sluice.InvalidChatRequestException.Problem;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;

/**
 * Checks a request as a {@link ChatQueue} accepts it, beyond the checks of the builders. The class is public for other
 * implementations of a queue, such as the one in {@code dev.sluice.testing}. It is stateless.
 */
public final class RequestRules {
    private static final Duration MAX_DEADLINE = Duration.ofDays(365);

    private RequestRules() {}

    /**
     * Throws if the body is larger than the queue's limit.
     *
     * @param maxBodyBytes the queue's limit in bytes
     * @throws InvalidChatRequestException if the body is larger
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
     * Throws if this can be neither the id nor the group of a request.
     *
     * @param header the header that it would be
     * @throws InvalidChatRequestException if the name is empty, too long or not plain text
     */
    public static void requireName(String header, String name) {
        Objects.requireNonNull(name, header);
        RequestProblems problems = new RequestProblems();
        RequestEnvelopeCheck.text(header, name, problems);
        problems.throwIfAny();
    }

    /**
     * Returns the time at which an ask expires. The request's own expiry wins over the deadline.
     *
     * @param now the beginning of the deadline
     * @throws InvalidChatRequestException if the deadline is not between zero and 365 days, or if it ends before the
     *     request may be called
     */
    public static Instant expiry(ChatRequest request, Duration deadline, Instant now) {
        if (deadline.isNegative() || deadline.isZero() || deadline.compareTo(MAX_DEADLINE) > 0) {
            refuse("deadline", deadline.toString(), "must be more than zero and at most " + MAX_DEADLINE);
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
