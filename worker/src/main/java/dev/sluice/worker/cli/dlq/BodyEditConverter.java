package dev.sluice.worker.cli.dlq;

import dev.sluice.worker.deadletters.BodyEdit;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a value of {@code --set}. */
final class BodyEditConverter implements ITypeConverter<BodyEdit> {
    @Override
    public BodyEdit convert(String text) {
        try {
            return BodyEdit.parse(text);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }
}
