package dev.sluice.http;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.net.ServerSSLOptions;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the server show a new certificate when its files change. Files that cannot be used leave the last good ones in
 * use. Connections keep what they began with. Only one thread at a time uses it.
 */
public final class TlsReload {
    private static final Logger LOG = LoggerFactory.getLogger(TlsReload.class);

    private final TlsFiles files;
    private final Vertx vertx;
    private final HttpServer server;
    private TlsIdentity shown;
    private String problem = "";

    /** @param first what the server shows now */
    public TlsReload(TlsFiles files, TlsIdentity first, Vertx vertx, HttpServer server) {
        this.files = files;
        this.shown = first;
        this.vertx = vertx;
        this.server = server;
        warnOfEnd();
    }

    /** Reads the files again. This blocks. */
    public void reload() {
        try {
            TlsIdentity read = new TlsIdentity(files, vertx);
            if (!read.isSameAs(shown)) {
                boolean unused = server.updateSSLOptions(new ServerSSLOptions().setKeyCertOptions(read.options()))
                        .toCompletionStage()
                        .toCompletableFuture()
                        .join();
                shown = read;
                LOG.atInfo()
                        .addKeyValue("file", files.certificate())
                        .addKeyValue("until", read.expires())
                        .log("Certificate read");
                warnOfEnd();
            }
            problem = "";
        } catch (RuntimeException e) { // the backstop of a task that must run again
            report(String.valueOf(e.getMessage()));
        }
    }

    private void warnOfEnd() {
        if (shown.expires().isBefore(Instant.now())) {
            report(files.certificate() + ": the certificate ended on " + shown.expires()
                    + "; put a new one in its place");
        }
    }

    private void report(String found) {
        if (!found.equals(problem)) {
            problem = found;
            LOG.atWarn().addKeyValue("problem", found).log("Certificate not good; the last good one stays in use");
        }
    }
}
