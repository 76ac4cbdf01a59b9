package dev.sluice.console;

import dev.sluice.http.LoopbackNames;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * Admits every person at this machine, or at whatever lets requests through to it. Whoever binds a host name anew makes
 * their page look like one of this server, so the Host must be an address or {@code localhost}. Immutable.
 */
final class LocalRule implements AccessRule {
    private final boolean isLoopbackOnly;
    private final ConsoleUser everybody;

    /**
     * @param isLoopbackOnly true if the console listens on loopback, so that every honest Host is a loopback name
     * @param person the name for the marks of replays
     */
    private LocalRule(boolean isLoopbackOnly, String person) {
        this.isLoopbackOnly = isLoopbackOnly;
        this.everybody = new ConsoleUser(person, true, true);
    }

    /** Makes the rule of a console that listens on an address, for the system's user who has started it. */
    static LocalRule of(String address) {
        InetAddress resolved = new InetSocketAddress(address, 0).getAddress();
        return new LocalRule(resolved != null && resolved.isLoopbackAddress(), System.getProperty("user.name"));
    }

    @Override
    public Decision check(HttpServerRequest request) {
        String host = request.getHeader(HttpHeaders.HOST);
        boolean isKnown = LoopbackNames.isLoopbackHost(host)
                || (!isLoopbackOnly && host != null && LoopbackNames.isAddress(host));
        return isKnown
                ? new Admitted(everybody)
                : new Refused(
                        403,
                        "open the console by an address or as localhost: any page could bind another name to this"
                                + " server");
    }
}
