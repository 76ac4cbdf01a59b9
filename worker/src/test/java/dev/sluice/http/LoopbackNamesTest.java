package dev.sluice.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoopbackNamesTest {
    @ParameterizedTest
    @ValueSource(strings = {"localhost", "LOCALHOST:8081", "127.0.0.1", "127.1.2.3:80", "[::1]", "[::1]:8081"})
    void thisMachineHasTheseNames(String host) {
        assertThat(LoopbackNames.isLoopbackHost(host)).isTrue();
        assertThat(LoopbackNames.isLoopbackOrigin("http://" + host)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "10.0.0.1"})
    void othersHaveThese(String host) {
        assertThat(LoopbackNames.isLoopbackHost(host)).isFalse();
        assertThat(LoopbackNames.isLoopbackOrigin("http://" + host)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.1", "10.0.0.1:8081", "[fe80::1]:8081"})
    void anAddressIsNoName(String host) {
        assertThat(LoopbackNames.isAddress(host)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "example", "10.0.0.1.evil.example", "10.0.0"})
    void aNameIsNoAddress(String host) {
        assertThat(LoopbackNames.isAddress(host)).isFalse();
    }
}
