package dev.sluice.worker.provider;

import java.util.Set;
import java.util.regex.Pattern;

/**
 * An error in the API's own form and words. A part that the API does not give is empty. All parts are foreign text and
 * bounded in length.
 *
 * @param message the sentence for people
 * @param type the provider's type of error, such as {@code dynamic_request_limited}
 * @param code the provider's code, such as {@code context_length_exceeded}
 * @param param the field of the request that the error is about
 */
public record ApiError(String message, String type, String code, String param) {
    /** The error of an answer that says nothing in the API's own form. */
    public static final ApiError NONE = new ApiError("", "", "", "");

    private static final int MAX_MESSAGE = 1_000;
    private static final int MAX_WORD = 128;

    /** Words that a header and a log line may carry as they are. */
    private static final Pattern CLEAN_WORD = Pattern.compile("(?=.*[A-Za-z])[\\w.-]{1,64}");

    /**
     * Types and codes that say that the account may not call at all until somebody pays or raises a limit. They have
     * been seen with 400, 402, 403 and 429.
     */
    static final Set<String> QUOTA_WORDS = Set.of(
            "insufficient_quota",
            "insufficient_balance",
            "insufficient_credits",
            "credit_limit",
            "credit_limit_exceeded",
            "billing_hard_limit_reached",
            "billing_not_active",
            "payment_required",
            "exceeded_current_quota_error",
            "account_deactivated");

    /** Words of types and codes that speak of the URL, the region, the key or a permission instead of the request. */
    private static final Pattern ACCESS_WORD = Pattern.compile(
            "(?i).*(?:region|country|territory|permission|forbidden|unauthori[sz]ed|authentication|api_key"
                    + "|access_denied|unknown_url|invalid_url|url_not_found|unknown_endpoint|ip_not|not_allowed_ip).*");

    public ApiError {
        message = bounded(message, MAX_MESSAGE);
        type = bounded(type, MAX_WORD);
        code = bounded(code, MAX_WORD);
        param = bounded(param, MAX_WORD);
    }

    /** Returns the type, or else the code, if it is a short, clean word; otherwise an empty text. */
    public String word() {
        if (CLEAN_WORD.matcher(type).matches()) {
            return type;
        }
        return CLEAN_WORD.matcher(code).matches() ? code : "";
    }

    /** Returns true if the account may not call at all until somebody pays or raises a limit. */
    public boolean isQuota() {
        return QUOTA_WORDS.contains(type) || QUOTA_WORDS.contains(code);
    }

    /** Returns true if the error may be about the URL, the region, the key or a permission instead of the request. */
    public boolean isAboutAccess() {
        return ACCESS_WORD.matcher(type).matches() || ACCESS_WORD.matcher(code).matches();
    }

    private static String bounded(String text, int max) {
        // It goes into headers, logs and health pages, where a line break or an escape code would forge lines.
        String plain = text.replaceAll("[\\p{Cc}\\p{Cf}\\u2028\\u2029]+", " ");
        return plain.length() <= max ? plain : plain.substring(0, max);
    }
}
