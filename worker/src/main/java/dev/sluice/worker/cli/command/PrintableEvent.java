package dev.sluice.worker.cli.command;

import ch.qos.logback.classic.pattern.ClassicConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import dev.sluice.worker.text.PrintableText;
import org.slf4j.event.KeyValuePair;

/**
 * Writes the message and the key-values of a log event on one line. Names and error messages come from outside, so all
 * of it is escaped, and no value can pass for a line or for another key-value.
 */
public final class PrintableEvent extends ClassicConverter {
    private static final int LONGEST_VALUE = 1_000;

    @Override
    public String convert(ILoggingEvent event) {
        StringBuilder line = new StringBuilder(PrintableText.line(String.valueOf(event.getFormattedMessage())));
        if (event.getKeyValuePairs() != null) {
            for (KeyValuePair pair : event.getKeyValuePairs()) {
                String value = PrintableText.line(String.valueOf(pair.value), LONGEST_VALUE);
                line.append(' ')
                        .append(PrintableText.line(pair.key))
                        .append("=\"")
                        .append(value.replace("\"", "\\\""))
                        .append('"');
            }
        }
        return line.toString();
    }
}
