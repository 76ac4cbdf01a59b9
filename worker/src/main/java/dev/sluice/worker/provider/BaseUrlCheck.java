package dev.sluice.worker.provider;

import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Finds base URLs that cannot be right, before every request fails for them. Stateless. */
public final class BaseUrlCheck {
    /** The ends of paths that people copy from an example of a call. */
    private static final List<String> ENDPOINTS =
            List.of("/chat/completions", "/completions", "/chat", "/responses", "/embeddings", "/models");

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
        String scheme = String.valueOf(url.getScheme()).toLowerCase(Locale.ROOT);
        String authority = String.valueOf(url.getRawAuthority());
        if (!scheme.equals("http") && !scheme.equals("https")) {
            return problem(url, "must be an http or https URL such as " + TogetherApi.BASE_URL);
        }
        if (authority.contains("@")) {
            return Optional.of("must not hold a user or a password, which would be logged; the API key goes into "
                    + TogetherApi.API_KEY_VARIABLE + " or --api-key-file");
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
        return wrongPath(url);
    }

    private static Optional<String> wrongPath(URI url) {
        String path = path(url);
        for (String endpoint : ENDPOINTS) {
            if (path.endsWith(endpoint)) {
                String rest = path.substring(0, path.length() - endpoint.length());
                return problem(url, "must be the base only, without " + endpoint + ": " + base(url, right(url, rest)));
            }
        }
        String right = right(url, path);
        if (!path.equals(right) || (isKnown(url) && !"https".equalsIgnoreCase(url.getScheme()))) {
            return problem(url, "must be " + base(url, right));
        }
        return Optional.empty();
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

    private static Optional<String> problem(URI url, String remedy) {
        return Optional.of(remedy + ", is '" + url + "'");
    }
}
