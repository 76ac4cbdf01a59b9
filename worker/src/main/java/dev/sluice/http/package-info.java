/**
 * Owns what the servers for people and clients have in common: the bounds of their connections, their certificates, the
 * files that have hashes of secrets, and who is on this machine. It knows neither the door nor the console.
 */
@NullMarked
package dev.sluice.http;

import org.jspecify.annotations.NullMarked;
