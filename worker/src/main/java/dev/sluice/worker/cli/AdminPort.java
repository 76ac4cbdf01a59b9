package dev.sluice.worker.cli;

import dev.sluice.worker.observe.AdminServer;
import dev.sluice.worker.observe.Health;
import dev.sluice.worker.observe.Page;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a worker answers probes and shows its metrics.
 *
 * @param number 0: nowhere
 * @param required whether a worker that cannot have it must not start: not where nobody has asked for it, since several
 *     workers on one machine would otherwise each need a port named
 */
record AdminPort(int number, boolean required) {
    static final int DEFAULT = 9400;

    private static final Logger LOGGER = LoggerFactory.getLogger(AdminPort.class);

    static AdminPort of(@Nullable Integer asked) {
        return asked == null ? new AdminPort(DEFAULT, false) : new AdminPort(asked, true);
    }

    /**
     * Answers from now on.
     *
     * @throws Refusal where a port that was asked for cannot be had
     */
    Optional<AdminServer> serve(Health health, Map<String, Page> pages) {
        if (number == 0) {
            return Optional.empty();
        }
        try {
            return Optional.of(AdminServer.start(number, health, pages));
        } catch (IOException taken) {
            String problem = "port " + number + " cannot be had (" + taken.getMessage() + ")";
            if (required) {
                throw new Refusal(problem + "; choose another with --admin-port, or 0 for none");
            }
            LOGGER.atWarn()
                    .log(
                            "{}, so this worker answers no probes and shows no metrics; choose another with --admin-port",
                            problem);
            return Optional.empty();
        }
    }
}
