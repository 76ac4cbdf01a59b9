package dev.sluice.http;

import java.nio.file.Path;

/**
 * The PEM files by which a server shows who it is.
 *
 * @param certificate the certificate, and after it those that lead to an authority
 * @param key the private key of the certificate, not encrypted
 */
public record TlsFiles(Path certificate, Path key) {}
