package dev.sluice.worker.cli.topics;

import dev.sluice.worker.cli.command.TextTable;
import dev.sluice.worker.cli.options.Sizes;
import dev.sluice.worker.text.Durations;
import dev.sluice.worker.topics.TopicState;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.kafka.common.config.TopicConfig;

/** Prints a table of topics and the settings that decide which records they accept and keep. */
final class TopicTable {
    private TopicTable() {}

    /**
     * Prints one row per name, in the given order.
     *
     * @param remark returns the text of the last column for a topic's name
     */
    static void print(
            PrintStream out, List<String> names, Map<String, TopicState> states, Function<String, String> remark) {
        TextTable table =
                new TextTable("TOPIC", "PARTITIONS", "REPLICATION", "RETENTION", "MAX RECORD", "TIMESTAMPS", "");
        for (String name : names) {
            TopicState state = states.get(name);
            if (state == null) {
                table.row(name, "-", "-", "-", "-", "-", remark.apply(name));
            } else {
                table.row(
                        name,
                        state.partitions(),
                        state.replication(),
                        retention(state),
                        maxRecord(state),
                        state.settings().getOrDefault(TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, "?"),
                        remark.apply(name));
            }
        }
        table.print(out);
    }

    private static String maxRecord(TopicState state) {
        String bytes = state.settings().get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG);
        return bytes == null ? "?" : Sizes.format(Long.parseLong(bytes));
    }

    private static String retention(TopicState state) {
        String millis = state.settings().get(TopicConfig.RETENTION_MS_CONFIG);
        if (millis == null) {
            return "?";
        }
        return millis.startsWith("-") ? "forever" : Durations.format(Duration.ofMillis(Long.parseLong(millis)));
    }
}
