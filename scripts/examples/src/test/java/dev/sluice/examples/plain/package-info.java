@NullMarked
package dev.sluice.examples.plain;

import org.jspecify.annotations.NullMarked;
