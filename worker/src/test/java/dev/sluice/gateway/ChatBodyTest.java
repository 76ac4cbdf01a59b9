package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChatBodyTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"stream\":true} | {}",
                "{\"stream\":true,\"model\":\"m\"} | {\"model\":\"m\"}",
                "{\"model\":\"m\" , \"stream\" : true } | {\"model\":\"m\"}",
                "{ \"a\": [1, 2.50, {\"stream\": true}] ,\"stream\":false,\"b\":\",}\" , \"c\":1e-7 } "
                        + "| {\"a\": [1, 2.50, {\"stream\": true}],\"b\":\",}\",\"c\":1e-7}",
                "{\"stream\":true,\"stream_options\":{\"include_usage\":true},\"stream\":true} | {}"
            })
    void cutsOutWhatAsksForAStreamAndNothingElse(String body, String published) {
        assertThat(text(ChatBody.of(body.getBytes(UTF_8)))).isEqualTo(published);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "[true]", "null", "{\"model\":\"m\", \"n\":1.0}", "{\"streams\":true}", "\u00e9"})
    void leavesAnyOtherBodyAsItIs(String body) {
        ChatBody read = ChatBody.of(body.getBytes(UTF_8));

        assertThat(text(read)).isEqualTo(body);
        assertThat(read.isStream()).isFalse();
    }

    @Test
    void knowsWhatTheClientWants() {
        ChatBody stream = ChatBody.of("{\"stream\":true,\"stream_options\":null}".getBytes(UTF_8));
        ChatBody usage = ChatBody.of("{\"stream\":true,\"stream_options\":{\"include_usage\":true}}".getBytes(UTF_8));
        ChatBody whole = ChatBody.of("{\"stream\":false,\"stream_options\":{\"include_usage\":true}}".getBytes(UTF_8));

        assertThat(List.of(stream.isStream(), stream.includesUsage())).containsExactly(true, false);
        assertThat(List.of(usage.isStream(), usage.includesUsage())).containsExactly(true, true);
        assertThat(List.of(whole.isStream(), whole.includesUsage())).containsExactly(false, false);
    }

    /** Fields of every kind, in any order and spacing, against the same fields without the two. */
    @Test
    void keepsEveryOtherFieldByteForByte() {
        Random random = new Random(11);
        List<String> values = List.of(
                "1",
                "-0.0",
                "1e+30",
                "true",
                "null",
                "\"a\\\"b,}\"",
                "\"\u00fc\ud83d\ude00\"",
                "[ 1 , [ ] ]",
                "{ \"stream\" : 1 }");
        for (int run = 0; run < 2_000; run++) {
            List<String> kept = new ArrayList<>();
            for (int i = random.nextInt(5); i > 0; i--) {
                kept.add("\"f" + i + "\"" + space(random) + ":" + space(random) + any(values, random));
            }
            List<String> all = new ArrayList<>(kept);
            all.add(random.nextInt(all.size() + 1), "\"stream\" :" + any(values, random));
            if (random.nextBoolean()) {
                all.add(random.nextInt(all.size() + 1), "\"stream_options\":" + any(values, random));
            }
            String body = space(random) + "{" + space(random) + String.join(space(random) + "," + space(random), all)
                    + space(random) + "}" + space(random);

            assertThat(text(ChatBody.of(body.getBytes(UTF_8)))).isEqualTo("{" + String.join(",", kept) + "}");
        }
    }

    private static String any(List<String> values, Random random) {
        return values.get(random.nextInt(values.size()));
    }

    private static String space(Random random) {
        return List.of("", " ", "\n", "\t \r\n").get(random.nextInt(4));
    }

    private static String text(ChatBody body) {
        return new String(body.json(), UTF_8);
    }
}
