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
                .contains("--address: " + address + " can be reached from other machines; give --users-file");
        assertThat(ParsedCommand.of(terminal, "console", "--address=" + address, "--without-users")
                        .problems())
                .isEmpty();
    }

    @Test
    void passwordsDoNotCrossANetworkInTheClear() throws Exception {
        assertThat(ParsedCommand.of(terminal, "console", "--users-file=u").problems())
                .isEmpty();
        assertThat(ParsedCommand.of(terminal, "console", "--address=0.0.0.0", "--users-file=u")
                        .problems())
                .singleElement()
                .asString()
                .contains("passwords would cross the network to 0.0.0.0", "--tls-cert and --tls-key");
        assertThat(ParsedCommand.of(
                                terminal,
                                "console",
                                "--address=0.0.0.0",
                                "--users-file=u",
                                "--tls-cert=c",
                                "--tls-key=k")
                        .problems())
                .isEmpty();
    }

    @Test
    void optionsThatDoNotBelongTogetherAreNamed() throws Exception {
        assertThat(ParsedCommand.of(terminal, "console", "--users-file=u", "--without-users", "--tls-cert=c")
                        .problems())
                .containsExactlyInAnyOrder(
                        "--users-file and --without-users: choose one", "--tls-cert and --tls-key: give both, or none");
        assertThat(ParsedCommand.of(terminal, "console", "--user-header=X User").problems())
                .hasSize(2)
                .anyMatch(problem -> problem.startsWith("--user-header: needs --users-file"))
                .anyMatch(problem -> problem.contains("--user-header: must be a header, such as X-Forwarded-User"));
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
