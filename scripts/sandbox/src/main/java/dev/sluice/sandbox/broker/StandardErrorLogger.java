package dev.sluice.sandbox.broker;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;

/**
 * A named logger of {@link StandardErrorLog}. Each entry is one write, so that entries of several threads do not mix.
 */
final class StandardErrorLogger extends LegacyAbstractLogger {

    StandardErrorLogger(String name) {
        this.name = name;
    }

    @Override
    protected void handleNormalizedLoggingCall(
            Level level,
            @Nullable Marker marker,
            String messagePattern,
            Object @Nullable [] arguments,
            @Nullable Throwable throwable) {
        StringWriter entry = new StringWriter();
        PrintWriter writer = new PrintWriter(entry);
        writer.printf("%s %s %s - ", Instant.now(), level, getName());
        writer.println(MessageFormatter.basicArrayFormat(messagePattern, arguments));
        if (throwable != null) {
            throwable.printStackTrace(writer);
        }
        System.err.print(entry);
    }

    @Override
    protected @Nullable String getFullyQualifiedCallerName() {
        return null;
    }

    @Override
    public boolean isErrorEnabled() {
        return true;
    }

    @Override
    public boolean isWarnEnabled() {
        return true;
    }

    @Override
    public boolean isInfoEnabled() {
        return false;
    }

    @Override
    public boolean isDebugEnabled() {
        return false;
    }

    @Override
    public boolean isTraceEnabled() {
        return false;
    }
}
