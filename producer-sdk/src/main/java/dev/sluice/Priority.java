package dev.sluice;

import dev.sluice.wire.Topics;

/** The priority of a request. It decides to which topic the request is published. */
public enum Priority {
    /** The priority of a request that names none: it takes its turn in the queue. */
    NORMAL,
    /**
     * The priority of a request for which a person waits. Workers call it before the backlog of its model. Publishing
     * it takes the right to write to {@link Topics#express()}.
     */
    EXPRESS;

    /** Returns the topic to which requests of this priority are published. */
    public String topic(Topics topics) {
        return switch (this) {
            case NORMAL -> topics.requests();
            case EXPRESS -> topics.express();
        };
    }
}
