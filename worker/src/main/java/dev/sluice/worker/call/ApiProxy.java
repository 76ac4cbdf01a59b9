package dev.sluice.worker.call;

import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP proxy on the way to the API.
 *
 * @param user the user that the proxy is told; empty if it wants none
 * @param password never shown
 */
public record ApiProxy(String host, int port, Optional<String> user, String password) {
    private static final String FORM = "http://[USER:PASSWORD@]HOST:PORT";
    /** The value that stands for no proxy, whatever the environment says. */
    private static final String NONE = "none";

    private static final int HTTP_PORT = 80;

    /**
     * Chooses the proxy for an address: that of the option, else that of the JVM's own properties, else that of the
     * environment. The last two never hold for this host itself.
     *
     * @param option the value of {@code --api-proxy}
     * @param ofJvm the JVM's own choice, as {@link ProxySelector#getDefault} makes it
     * @throws IllegalArgumentException if the one that is chosen cannot be used. The message shows no secret.
     */
    public static Optional<ApiProxy> choose(
            URI target, Optional<String> option, Map<String, String> env, @Nullable ProxySelector ofJvm) {
        if (option.isPresent()) {
            return option.get().equals(NONE) ? Optional.empty() : Optional.of(parse("--api-proxy", option.get()));
        }
        if (isLoopback(target.getHost())) {
            return Optional.empty();
        }
        Optional<ApiProxy> chosen = ofJvm == null ? Optional.empty() : ofJvm(ofJvm.select(target));
        return chosen.isPresent() ? chosen : ofEnvironment(target, env);
    }

    private static Optional<ApiProxy> ofJvm(List<Proxy> proxies) {
        return proxies.stream()
                .filter(proxy -> proxy.type() == Proxy.Type.HTTP)
                .map(proxy -> (InetSocketAddress) proxy.address())
                .map(address -> new ApiProxy(address.getHostString(), address.getPort(), Optional.empty(), ""))
                .findFirst();
    }

    private static Optional<ApiProxy> ofEnvironment(URI target, Map<String, String> env) {
        String name = target.getScheme() + "_proxy";
        for (String variable : List.of(name, name.toUpperCase(Locale.ROOT))) {
            String value = env.getOrDefault(variable, "");
            if (!value.isBlank()) {
                String exceptions = env.getOrDefault("no_proxy", env.getOrDefault("NO_PROXY", ""));
                return isException(target, exceptions) ? Optional.empty() : Optional.of(parse(variable, value));
            }
        }
        return Optional.empty();
    }

    private static boolean isLoopback(String host) {
        return host.equals("localhost")
                || host.endsWith(".localhost")
                || host.matches("127\\.[0-9.]+")
                || host.equals("[::1]");
    }

    /** Returns true if {@code NO_PROXY} names the host, a suffix of it, its network, or everything. */
    private static boolean isException(URI target, String exceptions) {
        String host = target.getHost().toLowerCase(Locale.ROOT);
        for (String entry : Pattern.compile("[,\\s]+").split(exceptions.strip().toLowerCase(Locale.ROOT), -1)) {
            String name = entry.replaceFirst("^\\*?\\.", "");
            Optional<Integer> port = Optional.empty();
            if (name.matches("[^:\\[\\]]+:\\d{1,5}")) {
                int colon = name.indexOf(':');
                port = Optional.of(Integer.parseInt(name.substring(colon + 1)));
                name = name.substring(0, colon);
            }
            boolean isPort = port.isEmpty() || port.get() == portOf(target);
            boolean isHost = host.equals(name)
                    || host.endsWith("." + name)
                    || host.equals("[" + name + "]")
                    || isInNetwork(host, name);
            if (entry.equals("*") || (!name.isEmpty() && isPort && isHost)) {
                return true;
            }
        }
        return false;
    }

    private static int portOf(URI target) {
        return target.getPort() >= 0 ? target.getPort() : "https".equals(target.getScheme()) ? 443 : HTTP_PORT;
    }

    /** Returns true if the host is an IPv4 address in a network such as {@code 10.0.0.0/8}. */
    private static boolean isInNetwork(String host, String network) {
        int slash = network.indexOf('/');
        if (slash < 0 || !network.substring(slash + 1).matches("\\d{1,2}")) {
            return false;
        }
        Optional<Long> address = ipv4(host);
        Optional<Long> base = ipv4(network.substring(0, slash));
        int bits = Integer.parseInt(network.substring(slash + 1));
        return address.isPresent()
                && base.isPresent()
                && bits <= 32
                && address.get() >>> (32 - bits) == base.get() >>> (32 - bits);
    }

    private static Optional<Long> ipv4(String text) {
        if (!text.matches("\\d{1,3}(\\.\\d{1,3}){3}")) {
            return Optional.empty();
        }
        long address = 0;
        for (String part : Pattern.compile("\\.").split(text, -1)) {
            address = (address << 8) | Math.min(255, Integer.parseInt(part));
        }
        return Optional.of(address);
    }

    /** Reads a proxy; without {@code http://} as well, as other programs allow it. */
    private static ApiProxy parse(String source, String value) {
        String stripped = value.strip();
        boolean hasScheme = stripped.contains("://");
        URI url;
        try {
            url = URI.create(hasScheme ? stripped : "http://" + stripped);
        } catch (IllegalArgumentException e) {
            // The exception quotes the value, and that may have a password.
            throw new IllegalArgumentException(source + ": must be " + FORM + ", a special character of the password "
                    + "as %40; the value is not shown, since it may have a password");
        }
        String path = url.getRawPath() == null ? "" : url.getRawPath();
        boolean isUsable = "http".equalsIgnoreCase(url.getScheme())
                && url.getHost() != null
                && url.getPort() <= 65_535
                && (path.isEmpty() || path.equals("/"));
        if (!isUsable) {
            throw new IllegalArgumentException(
                    source + ": must be " + FORM + ", or " + NONE + ", is '" + withoutSecret(stripped) + "'");
        }
        String[] secret = url.getRawUserInfo() == null
                ? new String[0]
                : url.getRawUserInfo().split(":", 2);
        return new ApiProxy(
                url.getHost().replaceAll("[\\[\\]]", ""),
                url.getPort() > 0 ? url.getPort() : HTTP_PORT,
                secret.length > 0 ? Optional.of(decoded(secret[0])) : Optional.empty(),
                secret.length > 1 ? decoded(secret[1]) : "");
    }

    private static String decoded(String text) {
        // A plus sign is itself here, unlike in forms.
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static String withoutSecret(String value) {
        return value.replaceFirst("^([a-zA-Z0-9+.-]+://)?.*@", "$1***@");
    }

    /** Returns the host and port as they are shown. */
    String address() {
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }

    /** Leaves out the user and the password. */
    @Override
    public String toString() {
        return "http://" + address();
    }
}
