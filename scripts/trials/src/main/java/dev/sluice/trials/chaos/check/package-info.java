/** The checks of a history: pure functions from {@link dev.sluice.trials.chaos.history.RunHistory} to violations. */
@NullMarked
package dev.sluice.trials.chaos.check;

import org.jspecify.annotations.NullMarked;
