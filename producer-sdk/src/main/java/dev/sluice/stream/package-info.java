/**
 * Streamed answers: the chunks of a completion, and the whole completion that they make. Workers, the HTTP door and the
 * SDK share these classes. They are no part of the public API. The package owns no thread and does no I/O.
 */
@NullMarked
package dev.sluice.stream;

import org.jspecify.annotations.NullMarked;
