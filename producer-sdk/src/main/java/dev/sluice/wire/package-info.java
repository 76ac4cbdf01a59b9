/**
 * The wire contract: names of topics and headers and how header values are written. Owns nothing at run time; never
 * talks to Kafka.
 */
@NullMarked
package dev.sluice.wire;

import org.jspecify.annotations.NullMarked;
