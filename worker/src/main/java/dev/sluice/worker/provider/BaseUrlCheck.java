package dev.sluice.worker.provider;

import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Finds base URLs that cannot be right, before every request fails for them. Stateless. */
public final class BaseUrlCheck {
    /** The ends of paths that people copy from an example of a call. */
    private static final List<String> ENDPOINTS = List.of("/chat/completions", "/completions");

    /** Ends that are mostly copied as well. But routes of gateways may have these names. */
    private static final List<String> DOUBTFUL = List.of("/chat", "/responses", "/embeddings", "/models");

    /** The only path under which these hosts have the API. Of other hosts nothing is known. */
    private static final Map<String, String> PATHS = Map.of(
            "api.together.ai", "/v1",
            "api.together.xyz", "/v1",
            "api.openai.com", "/v1",
            "api.groq.com", "/openai/v1",
            "api.fireworks.ai", "/inference/v1",
            "openrouter.ai", "/api/v1");

    private BaseUrlCheck() {}

    /** Returns what is wrong with a base URL and what to write instead; empty if it may be right. */
    public static Optional<String> problem(URI url) {
        String authority = String.valueOf(url.getRawAuthority());
        // Without a scheme or a host, the user is taken for another part.
        if (authority.contains("@") || (url.getHost() == null && url.toString().contains("@"))) {
            return Optional.of("must not hold a user or a password, which would be logged; the API key goes into "
                    + TogetherApi.API_KEY_VARIABLE + " or --api-key-file");
        }
        String scheme = String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT);
        if (!scheme.equals("http") && !scheme.equals("https")) {
            return problem(url, "must be an http or https URL such as " + TogetherApi.BASE_URL);
        }
        if (url.getHost() == null) {
            return problem(
                    url,
                    authority.contains("_")
                            ? "must have a host name without '_', which the standard for host names does not allow"
                            : "must be an http or https URL such as " + TogetherApi.BASE_URL);
        }
        if (url.getPort() == 0 || url.getPort() > 65_535) {
            return problem(url, "must have a port from 1 to 65535");
        }
        if (url.getRawQuery() != null || url.getRawFragment() != null) {
            return problem(url, "must end with its path, without a query or a fragment: " + base(url, path(url)));
        }
        if (isKnown(url) && path(url).isEmpty()) {
            return problem(url, "must have the path of the API: " + base(url, right(url, "")));
        }
        return endOf(path(url), ENDPOINTS)
                .flatMap(endpoint -> problem(
                        url,
                        "must be the base only, without " + endpoint + ": "
                                + base(url, right(url, without(endpoint, path(url))))));
    }

    /** Returns what a base URL without problems more likely has to be; empty if nothing is known. */
    public static Optional<String> doubt(URI url) {
        String path = path(url);
        String right =
                right(url, endOf(path, DOUBTFUL).map(end -> without(end, path)).orElse(path));
        boolean isPlain = isKnown(url) && !"https".equalsIgnoreCase(url.getScheme());
        return path.equals(right) && !isPlain ? Optional.empty() : Optional.of(base(url, right));
    }

    private static Optional<String> endOf(String path, List<String> ends) {
        return ends.stream().filter(path::endsWith).findFirst();
    }

    private static String without(String end, String path) {
        return path.substring(0, path.length() - end.length());
    }

    private static boolean isKnown(URI url) {
        return PATHS.containsKey(url.getHost().toLowerCase(Locale.ROOT));
    }

    private static String right(URI url, String path) {
        return PATHS.getOrDefault(url.getHost().toLowerCase(Locale.ROOT), path);
    }

    private static String path(URI url) {
        return String.valueOf(url.getRawPath()).replaceFirst("/+$", "");
    }

    private static String base(URI url, String path) {
        String scheme = isKnown(url) ? "https" : url.getScheme();
        return scheme + "://" + url.getRawAuthority() + path;
    }

    /** Keys stand in queries. */
    private static Optional<String> problem(URI url, String remedy) {
        return Optional.of(remedy + ", is '" + url.toString().replaceFirst("(?s)([?#]).*", "$1…") + "'");
    }
}
