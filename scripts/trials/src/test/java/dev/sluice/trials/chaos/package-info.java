@NullMarked
package dev.sluice.trials.chaos;

import org.jspecify.annotations.NullMarked;
