/** Measures how the repository's Java code is worded. */
@NullMarked
package dev.sluice.trials.wording;

import org.jspecify.annotations.NullMarked;
