package dev.sluice.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.http.SecretFileEditor;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConsoleUsersTest {
    @Test
    void aLineSaysWhatAPersonMayDo() {
        ConsoleUsers users = ConsoleUsers.parse(
                List.of("# ours", "", line("ann", "one", "look,read,act"), line("bob", "two", "look")));

        assertThat(users.login("ann", "one")).contains(person("ann", true, true));
        assertThat(users.login("bob", "two")).contains(person("bob", false, false));
    }

    @Test
    void aPasswordIsOfItsNameAlone() {
        ConsoleUsers users =
                ConsoleUsers.parse(List.of(line("ann", "one", "look"), line("bob", "two", "look"), "eve - act"));

        assertThat(users.login("ann", "two")).isEmpty();
        assertThat(users.login("ann", "")).isEmpty();
        assertThat(users.login("ann", SecretFileEditor.hash("one"))).isEmpty();
        assertThat(users.login("eve", "")).isEmpty();
        assertThat(users.login("eve", "-")).isEmpty();
    }

    @Test
    void aProxyNamesPeopleAndNoProxy() {
        ConsoleUsers users = ConsoleUsers.parse(
                List.of(line("nginx", "one", "proxy"), line("ann", "two", "look,act"), "bob@x.org - read", "* - look"));

        assertThat(users.login("nginx", "one"))
                .contains(new ConsoleUsers.Login(new ConsoleUser("nginx", false, false), true));
        assertThat(users.named("ann")).contains(new ConsoleUser("ann", false, true));
        assertThat(users.named("bob@x.org")).contains(new ConsoleUser("bob@x.org", true, false));
        assertThat(users.named("nginx")).contains(new ConsoleUser("nginx", false, false));
        assertThat(users.named("carl")).contains(new ConsoleUser("carl", false, false));
        assertThat(users.named("*")).isEmpty();
        assertThat(users.named("two words")).isEmpty();
    }

    @Test
    void everyMistakeIsNamedWithItsLineAndNoPasswordIsShown() {
        assertThatThrownBy(() -> ConsoleUsers.parse(List.of(
                        "ann pasted-by-mistake look",
                        line("bob", "x", "look,dance"),
                        line("carl", "x", "look"),
                        line("carl", "y", "look"),
                        line("*", "z", "look"),
                        "eve - proxy",
                        line("fred", "f", "look,proxy"),
                        line("gus", "g", "look read"))))
                .hasMessageContaining("line 1: the second word must be the SHA-256 of the password")
                .hasMessageContaining("line 2: the third word must be the rights of 'bob'")
                .hasMessageContaining("line 3: 'carl' has the password of another line")
                .hasMessageContaining("line 4: 'carl' is there twice")
                .hasMessageContaining("line 5: '*' is no name")
                .hasMessageContaining("line 6: the third word must be the rights of 'eve'")
                .hasMessageContaining("line 7: the third word must be the rights of 'fred'")
                .hasMessageContaining("line 8: the third word must be the rights of 'gus'")
                .hasMessageNotContaining("pasted");
        assertThatThrownBy(() -> ConsoleUsers.parse(List.of("ann - look"))).hasMessageContaining("has no user with a");
    }

    private static ConsoleUsers.Login person(String name, boolean readsBodies, boolean acts) {
        return new ConsoleUsers.Login(new ConsoleUser(name, readsBodies, acts), false);
    }

    private static String line(String name, String password, String rights) {
        return name + " " + SecretFileEditor.hash(password) + " " + rights;
    }
}
