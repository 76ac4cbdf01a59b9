/**
 * The topics of a queue and the rights on them: what each topic ought to look like, what differs from that, and which
 * ACLs are missing. It only describes; it never creates or changes a topic.
 */
@NullMarked
package dev.sluice.worker.topics;

import org.jspecify.annotations.NullMarked;
