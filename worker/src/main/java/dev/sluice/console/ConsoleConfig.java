package dev.sluice.console;

import dev.sluice.http.TlsFiles;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The configuration of a console.
 *
 * @param address the address of this machine to listen on
 * @param port the port, or 0 for a free one
 * @param historyFile the file in which the last hour is kept
 * @param tls the certificate to show, or empty for plain HTTP
 * @param users who may use it, or empty for everybody who reaches the address
 */
public record ConsoleConfig(
        String address, int port, Path historyFile, Optional<TlsFiles> tls, Optional<UserSource> users) {
    /**
     * The file and the header that tell who a person is.
     *
     * @param file the file of users
     * @param header the header in which a proxy of that file names a person, or empty if none may
     */
    public record UserSource(Path file, Optional<String> header) {}

    /** Returns the configuration of a console for everybody at this machine. */
    public static ConsoleConfig ofLoopback(int port, Path historyFile) {
        return new ConsoleConfig("127.0.0.1", port, historyFile, Optional.empty(), Optional.empty());
    }
}
