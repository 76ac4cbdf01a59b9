package dev.sluice.gateway.files;

import java.nio.file.Path;

/**
 * The configuration of stored files.
 *
 * @param directory the directory, which doors may share
 * @param maxFileBytes the largest file
 * @param maxStoredBytes the most bytes of files that one caller may have stored
 */
public record FilesConfig(Path directory, long maxFileBytes, long maxStoredBytes) {}
