/**
 * Dead letters: reading the dead-letter topic, filtering and counting what lies there, and replaying letters. It never
 * prints anything, and it changes the topics only by replaying.
 */
@NullMarked
package dev.sluice.worker.deadletters;

import org.jspecify.annotations.NullMarked;
