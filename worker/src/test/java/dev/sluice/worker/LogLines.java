package dev.sluice.worker;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** Collects what a class logs at INFO and above until it is closed. */
public final class LogLines implements AutoCloseable {
    private final Logger logger;
    private final @Nullable Level before;
    private final ListAppender<ILoggingEvent> appender = new ListAppender<>();

    public LogLines(Class<?> logging) {
        this.logger = (Logger) LoggerFactory.getLogger(logging);
        this.before = logger.getLevel();
        logger.setLevel(Level.INFO);
        logger.setAdditive(false);
        appender.start();
        logger.addAppender(appender);
    }

    /** Returns the lines so far, such as {@code INFO Worker starts group="sluice"}. */
    public List<String> all() {
        return appender.list.stream()
                .map(event -> Stream.concat(
                                Stream.of(event.getLevel() + " " + event.getFormattedMessage()),
                                pairs(event).map(Object::toString))
                        .collect(Collectors.joining(" ")))
                .toList();
    }

    private static Stream<?> pairs(ILoggingEvent event) {
        return event.getKeyValuePairs() == null ? Stream.empty() : event.getKeyValuePairs().stream();
    }

    @Override
    public void close() {
        logger.detachAppender(appender);
        logger.setAdditive(true);
        logger.setLevel(before);
    }
}
