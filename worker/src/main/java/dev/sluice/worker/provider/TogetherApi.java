package dev.sluice.worker.provider;

import java.net.URI;

/** The address of Together AI's API, its names in configuration and telemetry, and what it grants every account. */
public final class TogetherApi {
    /** The base URL without the path of chat completions. */
    public static final String BASE_URL = "https://api.together.ai/v1";

    /** The environment variable that Together AI's own clients read the base URL from. */
    public static final String BASE_URL_VARIABLE = "TOGETHER_BASE_URL";

    /** The environment variable that Together AI's own clients read the API key from. */
    public static final String API_KEY_VARIABLE = "TOGETHER_API_KEY";

    /** The value of the OpenTelemetry attribute {@code gen_ai.provider.name}. */
    public static final String TELEMETRY_NAME = "together";

    /** The limit of the least account is 60 requests a minute, enforced as one a second. */
    public static final double MIN_REQUESTS_PER_SECOND = 1;

    private static final String CHAT_COMPLETIONS = "/chat/completions";
    private static final String MODELS = "/models";

    private TogetherApi() {}

    /** Returns the address that chat requests are posted to; {@code baseUrl} may end with slashes. */
    public static URI chatCompletions(URI baseUrl) {
        return below(baseUrl, CHAT_COMPLETIONS);
    }

    /** Returns the address that lists the models; {@code baseUrl} may end with slashes. */
    public static URI models(URI baseUrl) {
        return below(baseUrl, MODELS);
    }

    private static URI below(URI baseUrl, String path) {
        return URI.create(baseUrl.toString().replaceFirst("/+$", "") + path);
    }
}
