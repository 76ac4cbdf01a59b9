/** A service without a framework. It publishes, asks, reads replies and handles failures. */
@NullMarked
package dev.sluice.examples.plain;

import org.jspecify.annotations.NullMarked;
