/**
 * Owns what the door keeps in {@code --files-dir}: files that callers have uploaded. It knows no HTTP but the form of
 * an upload, and no thread: its methods block, and several doors may use one directory at the same time.
 *
 * <p>Whatever becomes visible does so by the rename of a whole directory, so nothing is ever half there.
 */
@NullMarked
package dev.sluice.gateway.files;

import org.jspecify.annotations.NullMarked;
