package dev.sluice.worker.outcome;

import dev.sluice.worker.call.CallResult;
import dev.sluice.worker.call.CallResult.Answered;
import dev.sluice.worker.provider.ApiError;
import dev.sluice.worker.provider.CompletionBody;
import java.util.Optional;
import java.util.Set;

/**
 * An answer of the API or of something in front of it, with what it means.
 *
 * @param status the HTTP status, or the status that an error inside a 200 names
 */
record AnswerReading(Answered answer, CompletionBody body, int status) {
    /** Statuses of an edge that waited in vain. The API may have worked on the request, and charged it. */
    private static final Set<Integer> COSTLY_STATUSES = Set.of(504, 520, 524);

    private static final int BAD_GATEWAY = 502;

    static AnswerReading of(Answered answer) {
        CompletionBody body = CompletionBody.read(answer.body());
        // An answer with an error inside is what its error says.
        boolean isErrorInside = answer.status() == 200 && hasOnlyError(body, 200);
        return new AnswerReading(
                answer, body, isErrorInside ? body.statusInside().orElse(BAD_GATEWAY) : answer.status());
    }

    private static boolean hasOnlyError(CompletionBody body, int status) {
        return body.error(status).isPresent() && !body.hasUsableChoice();
    }

    boolean isCompletion() {
        return answer.status() == 200 && body.hasChoices() && !hasOnlyError(body, 200);
    }

    /** Returns the error in the API's own form, if the answer is one. */
    Optional<ApiError> ownError() {
        return body.error(status);
    }

    /** Returns the status with the provider's word, such as {@code 429 dynamic_request_limited}. */
    String error() {
        // The word goes into headers and logs and is foreign text: only a short, clean one is taken.
        String word = ownError().map(ApiError::word).orElse("");
        String shown = word.isEmpty() ? Integer.toString(status) : status + " " + word;
        return answer.status() == status ? shown : "200 with error " + shown;
    }

    /** Returns the provider's own words, or else what is known of the answer. */
    String message(String otherwise) {
        String own = ownError().map(ApiError::message).orElse("");
        // The text of a good answer may be what was generated, which is nobody's business but the publisher's.
        boolean isSaid = !isGood() && !body.words().isBlank();
        return !own.isBlank() ? own : isSaid ? body.words() : otherwise;
    }

    /** Returns true if the API may have worked on the request, and charged it. */
    boolean mayHaveCost() {
        return body.usage().isPresent()
                || answer.stream().filter(CallResult.Stream::hasBegun).isPresent()
                || COSTLY_STATUSES.contains(status)
                || (isGood() && CompletionBody.mentionsChoices(answer.body()));
    }

    private boolean isGood() {
        return answer.status() >= 200 && answer.status() < 300;
    }
}
