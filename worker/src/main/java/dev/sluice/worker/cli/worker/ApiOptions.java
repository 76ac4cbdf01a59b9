package dev.sluice.worker.cli.worker;

import dev.sluice.worker.call.ApiProxy;
import dev.sluice.worker.call.ApiTrust;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.provider.BaseUrlCheck;
import dev.sluice.worker.provider.TogetherApi;
import java.net.ProxySelector;
import java.net.URI;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options for the address of the API and its key. */
final class ApiOptions {
    @Option(
            names = "--base-url",
            paramLabel = "URL",
            defaultValue = TogetherApi.BASE_URL,
            description = "The API, up to and without /chat/completions.")
    private @Nullable URI baseUrl;

    @Option(
            names = "--api-key-file",
            paramLabel = "FILE",
            description = {
                "File that holds the API key and nothing else; read again when it changes, so that a key can be "
                        + "replaced while the worker runs. Wins over the environment variable "
                        + TogetherApi.API_KEY_VARIABLE + ".",
                "One of the two is needed; the key itself is never an option, since others could see it."
            })
    private @Nullable Path apiKeyFile;

    @Option(
            names = "--api-proxy",
            paramLabel = "URL",
            description = {
                "HTTP proxy on the way to the API: http://[USER:PASSWORD@]HOST:PORT, or none. With a password rather "
                        + "in SLUICE_API_PROXY, since others can see options.",
                "  Default: from HTTPS_PROXY, HTTP_PROXY and NO_PROXY, or Java's https.proxyHost"
            })
    private @Nullable String proxy;

    @Option(
            names = "--api-ca",
            paramLabel = "FILE",
            description = "PEM file with certificates of authorities that the API's certificate may come from, besides "
                    + "those that Java trusts.")
    private @Nullable Path authorities;

    URI baseUrl() {
        return Objects.requireNonNull(baseUrl);
    }

    /** Returns the source of the key. If there is none, it adds a problem and returns the source of an empty key. */
    Supplier<String> apiKey(Terminal terminal, List<String> problems) {
        try {
            if (apiKeyFile != null) {
                return new ApiKeyFile(apiKeyFile, System::nanoTime);
            }
            String variable = terminal.env().get(TogetherApi.API_KEY_VARIABLE);
            if (variable == null) {
                throw new IllegalArgumentException("no API key: set the environment variable "
                        + TogetherApi.API_KEY_VARIABLE + ", or name a file with --api-key-file");
            }
            String key = ApiKeyFile.checked(variable, TogetherApi.API_KEY_VARIABLE);
            return () -> key;
        } catch (IllegalArgumentException e) {
            problems.add(e.getMessage());
            return () -> "";
        }
    }

    /** Returns the proxy on the way to the API. If it cannot be used, it adds a problem. */
    Optional<ApiProxy> proxy(Terminal terminal, List<String> problems) {
        URI target = baseUrl();
        if (BaseUrlCheck.problem(target).isPresent()) {
            return Optional.empty();
        }
        try {
            return ApiProxy.choose(target, Optional.ofNullable(proxy), terminal.env(), ProxySelector.getDefault());
        } catch (IllegalArgumentException e) {
            problems.add(e.getMessage());
            return Optional.empty();
        }
    }

    /** Returns the additional authorities. If there is a file without any, it adds a problem. */
    List<X509Certificate> authorities(List<String> problems) {
        try {
            return authorities == null ? List.of() : ApiTrust.read(authorities);
        } catch (IllegalArgumentException e) {
            problems.add("--api-ca: " + authorities + ": " + e.getMessage());
            return List.of();
        }
    }
}
