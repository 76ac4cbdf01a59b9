/**
 * The harness that all trials share: worker processes made from the packaged jar, one publisher, one reader, and what
 * starts and stops them. Trials judge the product from outside. They never import its code, except for the wire
 * contract.
 */
@NullMarked
package dev.sluice.trials;

import org.jspecify.annotations.NullMarked;
