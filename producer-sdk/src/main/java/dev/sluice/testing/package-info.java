/**
 * For the tests of services that use the queue: {@link dev.sluice.testing.InMemoryChatQueue} stands in for a broker,
 * the workers and the API. Owns no thread and opens no connection; never answers differently from run to run.
 */
@NullMarked
package dev.sluice.testing;

import org.jspecify.annotations.NullMarked;
