package dev.sluice.console;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Admits whoever sends the password of a user (HTTP Basic), and whom a proxy names that has sent its own. It belongs to
 * the event loop.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc7617">RFC 7617</a>
 */
final class UserRule implements AccessRule {
    private static final String BASIC = "basic ";
    private static final long LOG_INTERVAL_NANOS = 60_000_000_000L;
    private static final Logger log = LoggerFactory.getLogger(UserRule.class);

    private final Supplier<ConsoleUsers> users;
    private final Optional<String> header;
    private final LongSupplier nanoTime;
    private long nextLog;
    private long wrongPasswords;

    /**
     * @param users returns the users who are valid now
     * @param header the header in which a proxy names a person, or empty if none may
     */
    UserRule(Supplier<ConsoleUsers> users, Optional<String> header, LongSupplier nanoTime) {
        this.users = users;
        this.header = header;
        this.nanoTime = nanoTime;
        this.nextLog = nanoTime.getAsLong();
    }

    @Override
    public Decision check(HttpServerRequest request) {
        String authorization = request.getHeader(HttpHeaders.AUTHORIZATION);
        if (authorization == null) {
            return new Refused(401, "give the name and the password of a user of this console");
        }
        Optional<ConsoleUsers.Login> login = login(authorization);
        if (login.isEmpty()) {
            logWrong(request);
            return new Refused(401, "the name or the password is wrong");
        }
        return login.get().isProxy()
                ? named(request, login.get().user().name())
                : new Admitted(login.get().user());
    }

    private Optional<ConsoleUsers.Login> login(String authorization) {
        if (!authorization.toLowerCase(Locale.ROOT).startsWith(BASIC)) {
            return Optional.empty();
        }
        String[] pair = decoded(authorization.substring(BASIC.length()).strip()).split(":", 2);
        return pair.length < 2 ? Optional.empty() : users.get().login(pair[0], pair[1]);
    }

    private static String decoded(String base64) {
        try {
            return new String(Base64.getDecoder().decode(base64), UTF_8);
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    /** Finds the person whom a proxy has named. Two names are none: one of them may be the client's own. */
    private Decision named(HttpServerRequest request, String proxy) {
        if (header.isEmpty()) {
            return new Refused(
                    403, "'" + proxy + "' is a proxy; start the console with --user-header to have it name people");
        }
        List<String> names = request.headers().getAll(header.get());
        if (names.size() != 1) {
            return new Refused(
                    403,
                    "the proxy must name one person in the header '" + header.get() + "', and names " + names.size());
        }
        Optional<ConsoleUser> person = users.get().named(names.get(0));
        return person.<Decision>map(Admitted::new)
                .orElseGet(() -> new Refused(403, "you are no user of this console; ask who runs it to add you"));
    }

    /** Logs wrong passwords at most once a minute. Neither is shown: a password may stand in the place of the name. */
    private void logWrong(HttpServerRequest request) {
        wrongPasswords++;
        long now = nanoTime.getAsLong();
        if (now - nextLog >= 0) {
            nextLog = now + LOG_INTERVAL_NANOS;
            @Nullable
            String address = request.remoteAddress() == null
                    ? null
                    : request.remoteAddress().host();
            log.atWarn()
                    .addKeyValue("count", wrongPasswords)
                    .addKeyValue("lastAddress", address)
                    .log("Wrong passwords refused");
        }
    }
}
