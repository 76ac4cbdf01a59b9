package dev.sluice.worker;

import static java.nio.charset.StandardCharsets.UTF_8;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListSet;
import org.slf4j.LoggerFactory;

/** Collects all log lines of any level until it is closed, as the worker's JSON. None of them reaches the console. */
public final class AllLogLines extends AppenderBase<ILoggingEvent> implements AutoCloseable {
    private final Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
    private final Logger ours = (Logger) LoggerFactory.getLogger("dev.sluice");
    private final Level rootBefore = root.getLevel();
    private final Level oursBefore = ours.getLevel();
    private final Appender<ILoggingEvent> console = root.getAppender("STDERR");
    private final JsonEncoder encoder = new JsonEncoder();
    private final Queue<String> lines = new ConcurrentLinkedQueue<>();
    private final Set<String> levels = new ConcurrentSkipListSet<>();
    private final Set<String> loggers = new ConcurrentSkipListSet<>();

    public AllLogLines() {
        setContext(root.getLoggerContext());
        encoder.setContext(getContext());
        encoder.start();
        start();
        root.detachAppender(console);
        root.addAppender(this);
        root.setLevel(Level.TRACE);
        ours.setLevel(Level.TRACE);
    }

    @Override
    protected void append(ILoggingEvent event) {
        levels.add(event.getLevel().toString());
        loggers.add(event.getLoggerName());
        lines.add(new String(encoder.encode(event), UTF_8));
    }

    public Set<String> levels() {
        return levels;
    }

    public Set<String> loggers() {
        return loggers;
    }

    public List<String> with(String word) {
        return lines.stream().filter(line -> line.contains(word)).toList();
    }

    @Override
    public void close() {
        root.detachAppender(this);
        root.addAppender(console);
        root.setLevel(rootBefore);
        ours.setLevel(oursBefore);
    }
}
