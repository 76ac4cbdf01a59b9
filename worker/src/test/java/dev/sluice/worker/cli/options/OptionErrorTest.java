package dev.sluice.worker.cli.options;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.cli.TestTerminal;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptionErrorTest {
    private final TestTerminal terminal = new TestTerminal().env("TOGETHER_API_KEY", "secret");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ask --model=m --timeout=0s hi        | --timeout: must be more than zero, is '0s'",
                "ask --model=m --timeout=PT-5S hi     | --timeout: must be more than zero, is 'PT-5S'",
                "ask --model=m --temperature=9 hi     | --temperature: must be 0 to 2, is '9.0'",
                "ask --model=m --max-tokens=0 hi      | --max-tokens: must be 1 or more, is '0'",
                "worker --call-timeout=0s             | --call-timeout: must be more than zero, is '0s'",
                "worker --max-attempts=0              | --max-attempts: must be 1 or more, is '0'",
                "worker --base-url=ftp://x            | --base-url: must be an http or https URL",
                "worker --limit=a=1/s --limit=a=2/s   | --limit: model 'a' has more than one",
                "submit x --window=0                  | --window: must be 1 to 100000, is '0'",
                "status --watch=5ms                   | --watch: must be 200ms or more, is '5ms'",
                "status --topic=a/b                   | --topic: topic base name 'a/b' must be",
                "status --bootstrap-servers=nowhere   | --bootstrap-servers: 'nowhere' is not of the form host:port",
                "topics create --retention=0s         | --retention: must be more than zero, is '0s'",
                "topics create --partitions=many      | --partitions: 'many' is no whole number",
                "dlq list --reason=rejcted            | --reason: 'rejcted' is none of",
                "dlq list --since=1h --until=2h       | --since: must be before --until",
                "dlq replay --yes --limit=0           | --limit: must be 1 or more, is '0'",
            })
    void everyOptionReportsAWrongValueInTheSameForm(String line, String problem) {
        assertThat(terminal.run(line.split(" +", -1))).isEqualTo(2);

        assertThat(terminal.err()).contains(problem).doesNotContain("Invalid value", "PT0S");
    }
}
