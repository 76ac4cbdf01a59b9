package dev.sluice.worker.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.read.ListAppender;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the log file that the worker ships with. */
class LogLayoutTest {
    private static final String HOSTILE =
            "x\n2026-01-31T08:00:00.000Z ERROR Worker Stage failed\r\u001b[2J\u009b1m\u202e";

    @ParameterizedTest
    @ValueSource(strings = {"text", "json"})
    void aNameFromOutsideForgesNoLineAndControlsNoTerminal(String format) throws Exception {
        String plain = logged(format, "plain", "plain");
        String forged = logged(format, "Kafka says " + HOSTILE, HOSTILE + "\" level=\"ERROR");

        assertThat(forged.lines()).hasSameSizeAs(plain.lines().toList());
        assertThat(forged.lines()).noneMatch(line -> line.matches("2026-01-31.*"));
        assertThat(forged).doesNotContain("\u001b").doesNotContain("\r");
        if (format.equals("text")) {
            assertThat(forged.chars().filter(c -> c != '\n' && c != '\t')).noneMatch(Character::isISOControl);
            assertThat(forged).contains("model=\"x\\u000a2026-01-31").contains("\\u202e\\\" level=\\\"ERROR\"\n");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "x\n2026-01-31T08:00:00.000Z ERROR Worker Stage failed"})
    void aStackTraceForgesNoLine(String message) throws Exception {
        ILoggingEvent event = event("Page failed", "m", new IllegalStateException(message, new Exception(message)));
        String shown = encoded("text", event);

        assertThat(shown)
                .contains("IllegalStateException: x")
                .contains("\n\tat dev.sluice.worker.cli.command.LogLayoutTest.")
                .contains("Caused by: java.lang.Exception: x");
        assertThat(shown.lines().skip(1))
                .allMatch(line -> line.matches("(\tat |\t\\.\\.\\. |\t\\| |Caused by: |java).*"));
    }

    @Test
    void aLineIsBounded() throws Exception {
        assertThat(logged("text", "m".repeat(100_000), "v".repeat(100_000))).hasSizeLessThan(6_000);
    }

    private static String logged(String format, String message, String model) throws Exception {
        return encoded(format, event(message, model, null));
    }

    private static ILoggingEvent event(String message, String model, @Nullable Throwable cause) {
        LoggerContext context = new LoggerContext();
        context.setMDCAdapter(new LogbackMDCAdapter());
        Logger logger = context.getLogger(LogLayoutTest.class);
        ListAppender<ILoggingEvent> events = new ListAppender<>();
        events.start();
        logger.addAppender(events);
        logger.atInfo().addKeyValue("model", model).setCause(cause).log(message);
        return events.list.get(0);
    }

    private static String encoded(String format, ILoggingEvent event) throws Exception {
        URL file = Objects.requireNonNull(Logging.class.getResource("/logback.xml"));
        LoggerContext context = new LoggerContext();
        context.putProperty(Logging.FORMAT, format);
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(context);
        configurator.doConfigure(file);
        var appender = (ConsoleAppender<ILoggingEvent>)
                context.getLogger(Logger.ROOT_LOGGER_NAME).getAppender(format);
        String line = new String(appender.getEncoder().encode(event), StandardCharsets.UTF_8);
        context.stop();
        return line;
    }
}
