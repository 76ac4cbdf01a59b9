package dev.sluice.examples;

import dev.sluice.examples.clients.RunningDoor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives all tests of this module one queue and one door, which start before the first of them. So the long waits at the
 * door go on while other tests run.
 */
public final class SharedQueue implements BeforeAllCallback, ParameterResolver {
    private static final Namespace NAMESPACE = Namespace.create(SharedQueue.class);

    /** The queue and the door, which are closed after the last test. */
    private record Parts(RunningQueue queue, RunningDoor door) implements AutoCloseable {
        static Parts start() {
            try {
                Path folder = Files.createTempDirectory("sluice-examples-");
                RunningQueue queue = new RunningQueue(folder);
                return new Parts(queue, new RunningDoor(queue));
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException("the queue has not started", e);
            }
        }

        @Override
        public void close() throws Exception {
            door.close();
            queue.close();
        }
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        Parts unused = parts(context);
    }

    private static Parts parts(ExtensionContext context) {
        return context.getRoot().getStore(NAMESPACE).computeIfAbsent(Parts.class, key -> Parts.start(), Parts.class);
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        return type == RunningQueue.class || type == RunningDoor.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        Parts parts = parts(context);
        return parameter.getParameter().getType() == RunningQueue.class ? parts.queue() : parts.door();
    }
}
