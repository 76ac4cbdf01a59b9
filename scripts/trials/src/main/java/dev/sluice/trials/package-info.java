/**
 * What all trials share: real worker processes, made from the packaged jar as a user's are. Trials judge the product from
 * outside; they never import its code, but for the wire contract.
 */
@NullMarked
package dev.sluice.trials;

import org.jspecify.annotations.NullMarked;
