@NullMarked
package dev.sluice.trials.bench;

import org.jspecify.annotations.NullMarked;
