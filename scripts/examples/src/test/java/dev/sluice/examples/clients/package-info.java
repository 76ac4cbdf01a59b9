/** Clients that know nothing of Sluice, and what they make of the HTTP door. */
@NullMarked
package dev.sluice.examples.clients;

import org.jspecify.annotations.NullMarked;
