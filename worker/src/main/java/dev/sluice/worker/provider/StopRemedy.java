package dev.sluice.worker.provider;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Says what a person does about the cause for which a lane is stopped. */
public final class StopRemedy {
    private static final Pattern STATUS = Pattern.compile("(?<![\\w.])([1-5]\\d\\d)(?![\\w.])");
    private static final String ALL_REJECTED = "requests were rejected: ";

    private StopRemedy() {}

    /**
     * Returns a sentence without a full stop.
     *
     * @param cause the cause as a worker logs and reports it, such as {@code 401 invalid_api_key}
     */
    public static String of(String cause) {
        if (ApiError.QUOTA_WORDS.stream().anyMatch(cause::contains)) {
            return "the account has no credit or quota left: add some at the provider";
        }
        if (cause.contains(ALL_REJECTED)) {
            return "the API rejects every request in the same way: check the model's name, then look at the requests"
                    + " with 'sluice dlq list'";
        }
        if (cause.startsWith("unsendable")) {
            return "the worker cannot form a call: check --base-url and the API key for characters that do not belong"
                    + " there";
        }
        // A proxy that was asked for a connection answers in words.
        if (cause.contains("--api-proxy")) {
            return "check the user and the password of the proxy (--api-proxy)";
        }
        Matcher status = STATUS.matcher(cause.replace("200 with error ", ""));
        return status.find() ? ofStatus(Integer.parseInt(status.group(1))) : noAnswer();
    }

    private static String ofStatus(int status) {
        return switch (status) {
            case 401 ->
                "the API key was revoked or is mistyped: put a valid one into --api-key-file or "
                        + TogetherApi.API_KEY_VARIABLE;
            case 402 -> "the account has no credit: add some at the provider";
            case 407 -> "check the user and the password of the proxy (--api-proxy)";
            case 511 -> "the network asks for a login before it lets calls through: log in, or use another network";
            default ->
                status < 500 && Stream.of(408, 409, 425).noneMatch(each -> each == status)
                        ? "something in front of the API answers instead of it, or the key may not do this: check"
                                + " --base-url, --api-proxy and the rights of the key"
                        : "the API fails: look at the provider's status page; calls go on by themselves once some pass";
        };
    }

    private static String noAnswer() {
        return "the API does not answer: check the network, --base-url and --api-proxy, and look at the provider's"
                + " status page; calls go on by themselves once some pass";
    }
}
