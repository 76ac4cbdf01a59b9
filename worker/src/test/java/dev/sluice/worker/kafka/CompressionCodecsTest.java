package dev.sluice.worker.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.apache.kafka.common.KafkaException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CompressionCodecsTest {
    /** An error of a codec's own, as snappy has one, that is no {@link LinkageError}. */
    private static final class CodecError extends Error {
        private static final long serialVersionUID = 1;

        CodecError(String message) {
            super(message);
        }
    }

    private static Stream<Throwable> failuresOfTheHost() {
        return Stream.of(
                new CodecError("no native library is found"),
                new ExceptionInInitializerError("no library"),
                new NoClassDefFoundError("Could not initialize class org.xerial.snappy.Snappy"),
                new UnsatisfiedLinkError("libzstd"));
    }

    @ParameterizedTest
    @MethodSource("failuresOfTheHost")
    void aLibraryThatCannotBeLoadedIsTheHosts(Throwable failure) {
        assertThat(CompressionCodecs.hostProblem(failure)).isPresent();
        assertThat(CompressionCodecs.hostProblem(new KafkaException("Received exception", failure)))
                .hasValueSatisfying(problem -> assertThat(problem)
                        .contains(failure.getClass().getSimpleName(), String.valueOf(failure.getMessage())));
    }

    @Test
    void aDamagedRecordOrTooLittleMemoryIsNotTheHosts() {
        assertThat(CompressionCodecs.hostProblem(new KafkaException("damaged", new IllegalStateException("crc"))))
                .isEmpty();
        assertThat(CompressionCodecs.hostProblem(new OutOfMemoryError("heap"))).isEmpty();
        assertThat(CompressionCodecs.hostProblem(new KafkaException(new StackOverflowError())))
                .isEmpty();
    }
}
