package dev.sluice.console;

import java.nio.file.Path;

/**
 * The configuration of a console.
 *
 * @param address the address of this machine to listen on
 * @param port the port, or 0 for a free one
 * @param historyFile the file in which the last hour is kept
 */
public record ConsoleConfig(String address, int port, Path historyFile) {}
