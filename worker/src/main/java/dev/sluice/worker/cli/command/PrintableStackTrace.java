package dev.sluice.worker.cli.command;

import ch.qos.logback.classic.pattern.ThrowableProxyConverter;
import ch.qos.logback.classic.spi.IThrowableProxy;
import dev.sluice.worker.text.PrintableText;
import java.util.List;

/** Writes a stack trace whose messages are escaped. A further line of a message is indented like the stack's. */
public final class PrintableStackTrace extends ThrowableProxyConverter {
    private static final List<String> OWN_LINES = List.of("\t", "Caused by: ", "Wrapped by: ");

    @Override
    protected String throwableProxyToString(IThrowableProxy failure) {
        StringBuilder trace = new StringBuilder();
        super.throwableProxyToString(failure).lines().forEach(line -> {
            boolean indented = trace.length() == 0 || OWN_LINES.stream().anyMatch(line::startsWith);
            String text = PrintableText.text(line);
            String shown = text.length() > PrintableText.LONGEST_LINE
                    ? text.substring(0, PrintableText.LONGEST_LINE) + "…"
                    : text;
            trace.append(indented ? "" : "\t| ").append(shown).append(System.lineSeparator());
        });
        return trace.toString();
    }
}
