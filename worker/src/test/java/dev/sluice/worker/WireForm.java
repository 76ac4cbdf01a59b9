package dev.sluice.worker;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;

/**
 * A form in which a release writes what another release reads, kept as files in {@code src/test/resources/wire}. There
 * is a folder for each release that has changed a form, and in it the forms that it has changed.
 *
 * <p>Records are kept as text: topic and partition, then the key, the headers and the value. What is no ASCII is
 * written in hexadecimal digits.
 */
public record WireForm(String name) {
    /** The releases that have changed a form, the first one first. */
    private static final List<String> RELEASES = List.of("0.1.0");

    private static final Path FOLDER = Path.of("src", "test", "resources", "wire");
    private static final String HEX = "hex:";
    private static final String NONE = "(none)";
    private static final long TIMESTAMP = 1_764_000_000_000L;

    /** Asserts that the present code writes what the last release has written that changed this form. */
    public void assertWritten(String text) {
        List<String> kept = texts();
        assertThat(text)
                .as("the form '%s'; earlier releases may not understand another one", name)
                .isEqualTo(kept.get(kept.size() - 1));
    }

    public void assertWritten(ProducerRecord<byte[], byte[]> record) {
        assertWritten(text(record));
    }

    /** Returns what each release has written, all of which the present code must read. */
    public List<String> texts() {
        return RELEASES.stream()
                .map(release -> FOLDER.resolve(release).resolve(name + ".txt"))
                .filter(Files::exists)
                .map(WireForm::content)
                .toList();
    }

    public List<ConsumerRecord<byte[], byte[]>> records() {
        return texts().stream().map(WireForm::record).toList();
    }

    private static String content(Path file) {
        try {
            return Files.readString(file).stripTrailing();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String text(ProducerRecord<byte[], byte[]> record) {
        StringBuilder text = new StringBuilder(record.topic())
                .append(' ')
                .append(Optional.ofNullable(record.partition())
                        .map(Object::toString)
                        .orElse(NONE))
                .append("\nkey: ")
                .append(text(record.key()));
        for (Header header : record.headers()) {
            text.append('\n').append(header.key()).append(": ").append(text(header.value()));
        }
        return text.append("\n\n").append(text(record.value())).toString();
    }

    private static String text(byte[] bytes) {
        if (bytes == null) {
            return NONE;
        }
        String text = new String(bytes, ISO_8859_1);
        return text.chars().allMatch(each -> (each >= ' ' && each <= '~') || each == '\n')
                ? text
                : HEX + HexFormat.of().formatHex(bytes);
    }

    private static ConsumerRecord<byte[], byte[]> record(String text) {
        String[] parts = text.split("\n\n", 2);
        String[] head = parts[0].split("\n", -1);
        String[] place = head[0].split(" ", -1);
        byte[] key = bytes(head[1].substring("key: ".length()));
        RecordHeaders headers = new RecordHeaders();
        for (int i = 2; i < head.length; i++) {
            int colon = head[i].indexOf(": ");
            headers.add(head[i].substring(0, colon), bytes(head[i].substring(colon + 2)));
        }
        int partition = place[1].equals(NONE) ? 0 : Integer.parseInt(place[1]);
        byte[] value = bytes(parts[1]);
        return new ConsumerRecord<>(
                place[0],
                partition,
                17,
                TIMESTAMP,
                TimestampType.CREATE_TIME,
                key == null ? ConsumerRecord.NULL_SIZE : key.length,
                value == null ? ConsumerRecord.NULL_SIZE : value.length,
                key,
                value,
                headers,
                Optional.empty());
    }

    private static byte[] bytes(String text) {
        if (text.equals(NONE)) {
            return null;
        }
        return text.startsWith(HEX) ? HexFormat.of().parseHex(text.substring(HEX.length())) : text.getBytes(UTF_8);
    }
}
