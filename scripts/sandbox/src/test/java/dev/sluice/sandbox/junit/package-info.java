@NullMarked
package dev.sluice.sandbox.junit;

import org.jspecify.annotations.NullMarked;
