package dev.sluice;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StreamBodyTest {
    private static final String ASKED = "{\"stream\":true,\"stream_options\":{\"include_usage\":true}";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{} | }",
                "{\"model\":\"m\"} | ,\"model\":\"m\"}",
                "{\"stream\":true,\"model\":\"m\"} | ,\"model\":\"m\"}",
                "{\"stream_options\":null,\"stream\":true} | }",
                "{\"stream\":true,\"stream_options\":{\"include_usage\":false}} | }",
                "{ \"a\": [1, 2.50, {\"stream\": true}] ,\"stream\":false,\"b\":\",}\" , \"c\":1e-7 } "
                        + "| ,\"a\": [1, 2.50, {\"stream\": true}],\"b\":\",}\",\"c\":1e-7}"
            })
    void asksForAStreamWithUsageAndLeavesEverythingElse(String body, String rest) {
        assertThat(streamed(body)).isEqualTo(ASKED + rest);
    }

    @Test
    void keepsOtherOptionsOfTheStream() {
        assertThat(streamed("{\"stream_options\":{\"include_obfuscation\":false}}"))
                .isEqualTo(
                        "{\"stream\":true,\"stream_options\":{\"include_obfuscation\":false,\"include_usage\":true}}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"stream\":true,\"stream_options\":{\"include_usage\":true}}",
                " { \"stream_options\" : {\"x\":1,\"include_usage\":true} , \"n\" : 1.0, \"stream\" : true } "
            })
    void leavesABodyThatAsksForBothAsItIs(String body) {
        assertThat(streamed(body)).isEqualTo(body);
    }

    /** Fields of every kind, in any order and spacing, against the same fields without the two. */
    @Test
    void keepsEveryOtherFieldByteForByte() {
        Random random = new Random(11);
        List<String> values = List.of(
                "1",
                "-0.0",
                "1e+30",
                "false",
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
            String body = space(random) + "{" + space(random) + String.join(space(random) + "," + space(random), all)
                    + space(random) + "}" + space(random);

            String rest = kept.isEmpty() ? "" : "," + String.join(",", kept);
            assertThat(streamed(body)).isEqualTo(ASKED + rest + "}");
        }
    }

    private static String any(List<String> values, Random random) {
        return values.get(random.nextInt(values.size()));
    }

    private static String space(Random random) {
        return List.of("", " ", "\n", "\t \r\n").get(random.nextInt(4));
    }

    private static String streamed(String body) {
        return new String(StreamBody.of(body.getBytes(UTF_8)), UTF_8);
    }
}
