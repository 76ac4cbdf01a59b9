/**
 * Cache answers requests that ask for it from memory, and lets requests with the same body share a call. It lies
 * between intake and pace. It owns the stored answers and the requests that wait for another request's call. It never
 * calls the API and never reads or writes Kafka. A request that it does not answer is forwarded unchanged.
 */
@NullMarked
package dev.sluice.worker.cache;

import org.jspecify.annotations.NullMarked;
