package dev.sluice.gateway;

import dev.sluice.gateway.files.FilesConfig;
import dev.sluice.http.TlsFiles;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * The configuration of a door.
 *
 * @param address the address of this machine to listen on
 * @param port the port, or 0 for a free one
 * @param keysFile the file of the keys that callers must have, or empty to ask for none
 * @param tls the certificate to show, or empty for plain HTTP
 * @param maxWaiting the most requests that wait at once
 * @param maxBodyBytes the largest body of a request
 * @param maxWait how long a request waits whose client does not say how long it will
 * @param times the times of waiting
 * @param files where files are stored, or empty to store none
 */
public record GatewayConfig(
        String address,
        int port,
        Optional<Path> keysFile,
        Optional<TlsFiles> tls,
        int maxWaiting,
        int maxBodyBytes,
        Duration maxWait,
        WaitTimes times,
        Optional<FilesConfig> files) {}
