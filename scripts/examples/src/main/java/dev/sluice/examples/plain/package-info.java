/** A service without a framework: publishes, asks, reads replies, and knows what to do with a failure. */
@NullMarked
package dev.sluice.examples.plain;

import org.jspecify.annotations.NullMarked;
