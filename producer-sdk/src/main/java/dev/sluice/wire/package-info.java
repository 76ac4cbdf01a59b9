/**
 * The wire contract: the names of topics and headers and the encoding of header values. The package owns nothing at run
 * time and never talks to Kafka.
 */
@NullMarked
package dev.sluice.wire;

import org.jspecify.annotations.NullMarked;
