/**
 * Provider: Together AI's dialect of the chat-completions API. It knows the address, the names of headers and fields,
 * the error types and the limit of every account. It reads and never decides, and uses no other package of the worker.
 */
@NullMarked
package dev.sluice.worker.provider;

import org.jspecify.annotations.NullMarked;
