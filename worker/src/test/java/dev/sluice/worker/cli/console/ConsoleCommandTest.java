package dev.sluice.worker.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.cli.ParsedCommand;
import dev.sluice.worker.cli.TestTerminal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConsoleCommandTest {
    private final TestTerminal terminal = new TestTerminal();

    @Test
    void loopbackNeedsNoMore() throws Exception {
        assertThat(ParsedCommand.of(terminal, "console").problems()).isEmpty();
        assertThat(ParsedCommand.of(terminal, "console", "--address=::1").problems())
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::", "192.168.0.7"})
    void anAddressThatOthersReachNeedsAWord(String address) throws Exception {
        assertThat(ParsedCommand.of(terminal, "console", "--address=" + address).problems())
                .singleElement()
                .asString()
                .contains("--address: " + address + " can be reached from other machines; give --without-users");
        assertThat(ParsedCommand.of(terminal, "console", "--address=" + address, "--without-users")
                        .problems())
                .isEmpty();
    }

    @Test
    void everythingThatIsWrongIsSaidAtOnce() throws Exception {
        assertThat(ParsedCommand.of(terminal, "console", "--port=70000", "--group= ", "--address=no.such.host.invalid")
                        .problems())
                .hasSize(3)
                .anyMatch(problem -> problem.contains("--port: must be 0 to 65535, is '70000'"))
                .anyMatch(problem -> problem.contains("--group: must be a name"))
                .anyMatch(problem -> problem.contains("--address: must be an address of this machine"));
    }
}
