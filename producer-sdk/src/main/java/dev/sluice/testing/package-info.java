/**
 * Test support for services that use the queue. {@link dev.sluice.testing.InMemoryChatQueue} stands in for a broker,
 * the workers and the API. The package owns no thread, opens no connection and answers the same in every run.
 */
@NullMarked
package dev.sluice.testing;

import org.jspecify.annotations.NullMarked;
