package dev.sluice.http;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Tells whether headers name this machine. Any page that is open in a browser of this machine can send requests to its
 * loopback addresses, and a host name that is bound anew can make them look like requests to its own server. Stateless.
 */
public final class LoopbackNames {
    private LoopbackNames() {}

    /** Returns true if a Host header names a loopback address, with or without a port. */
    public static boolean isLoopbackHost(@Nullable String host) {
        return host != null && isLoopback(withoutPort(host));
    }

    /** Returns true if an Origin header is that of a page from a loopback address. */
    public static boolean isLoopbackOrigin(String origin) {
        try {
            String host = new URI(origin).getHost();
            return host != null && isLoopback(host);
        } catch (URISyntaxException e) {
            return false; // "null" is the origin of a sandboxed page and has no host
        }
    }

    /** Returns true if a Host header is an address in figures, with or without a port, and no name. */
    public static boolean isAddress(String host) {
        return host.startsWith("[") || withoutPort(host).matches("[0-9]{1,3}(\\.[0-9]{1,3}){3}");
    }

    private static String withoutPort(String host) {
        if (host.startsWith("[")) {
            return host.substring(0, host.indexOf(']') + 1);
        }
        int colon = host.indexOf(':');
        return colon < 0 ? host : host.substring(0, colon);
    }

    /** Compares names and literals only: to resolve a foreign name would be to believe whoever has bound it. */
    private static boolean isLoopback(String host) {
        String name = host.toLowerCase(Locale.ROOT);
        return name.equals("localhost") || name.equals("[::1]") || name.matches("127(\\.[0-9]{1,3}){3}");
    }
}
