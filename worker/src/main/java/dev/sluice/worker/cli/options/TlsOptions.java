package dev.sluice.worker.cli.options;

import dev.sluice.http.TlsFiles;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of a server that may serve https. */
public final class TlsOptions {
    @Option(
            names = "--tls-cert",
            paramLabel = "FILE",
            description =
                    "Serve https with the certificate of this PEM file, and after it those that lead to an authority. "
                            + "Read again when it changes.")
    private @Nullable Path certificate;

    @Option(
            names = "--tls-key",
            paramLabel = "FILE",
            description = "The private key of --tls-cert, PEM, not encrypted.")
    private @Nullable Path key;

    /** Adds what is wrong with them. */
    public void check(List<String> problems) {
        if ((certificate == null) != (key == null)) {
            problems.add("--tls-cert and --tls-key: give both, or none");
        }
    }

    /** Returns the files, or empty for plain HTTP. */
    public Optional<TlsFiles> files() {
        return certificate == null || key == null ? Optional.empty() : Optional.of(new TlsFiles(certificate, key));
    }
}
