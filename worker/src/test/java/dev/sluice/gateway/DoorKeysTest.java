package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.http.ReloadedFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoorKeysTest {
    @Test
    void aHashIsWhatSha256sumPrints() {
        assertThat(DoorKeys.hash("test")).isEqualTo("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
    }

    @Test
    void aLineSaysWhoseKeyItIsAndWhatItMayDo() {
        DoorKeys keys = DoorKeys.parse(List.of(
                "# a comment",
                "",
                "web " + DoorKeys.hash("one") + " express max-waiting=1 max-per-second=2",
                "old  " + DoorKeys.hash("two").toUpperCase(Locale.ROOT) + "\ttenant=web"));

        Caller web = keys.caller("one").orElseThrow();
        assertThat(web.name()).isEqualTo("web");
        assertThat(web.tenant()).isEqualTo("web");
        assertThat(web.isExpress()).isTrue();
        assertThat(web.allowance().take(0)).isEmpty();
        assertThat(web.allowance().take(0).orElseThrow().status()).isEqualTo(429);
        Caller old = keys.caller("two").orElseThrow();
        assertThat(old.tenant()).isEqualTo("web");
        assertThat(old.isExpress()).isFalse();
        assertThat(keys.caller("three")).isEmpty();
        assertThat(keys.caller(DoorKeys.hash("one"))).as("a hash is no key").isEmpty();
    }

    @Test
    void everyMistakeIsNamedWithItsLineAndNoKeyIsShown() {
        assertThatThrownBy(() -> DoorKeys.parse(List.of(
                        "web sk-pasted-by-mistake",
                        "a " + DoorKeys.hash("x") + " exprès max-waiting=0 tenant=",
                        "b " + DoorKeys.hash("x"))))
                .hasMessageContaining("line 1: the second word must be the SHA-256")
                .hasMessageContaining("line 2: 'exprès' is not known")
                .hasMessageContaining("line 2: '0' must be a number from 1 on")
                .hasMessageContaining("line 2: a tenant has 1 to 256 bytes")
                .hasMessageContaining("line 3: the key of 'b' is there twice")
                .hasMessageNotContaining("sk-pasted");
        assertThatThrownBy(() -> DoorKeys.parse(List.of("# none"))).hasMessageContaining("has no key");
    }

    @Test
    void aSecondHasSoManyRequestsAndTheNextAgain() {
        CallerAllowance allowance = new CallerAllowance(100, 2);

        assertThat(allowance.take(0)).isEmpty();
        assertThat(allowance.take(1)).isEmpty();
        assertThat(allowance.take(2).orElseThrow().headers()).containsEntry("retry-after", "1");
        assertThat(allowance.take(1_000_000_000L)).isEmpty();
    }

    @Test
    void aChangedFileIsReadAgainAndABrokenOneLeavesTheLastKeys(@TempDir Path folder) throws Exception {
        Path path = folder.resolve("keys");
        Files.writeString(path, "a " + DoorKeys.hash("one"));
        ReloadedFile<DoorKeys> file = new ReloadedFile<>(path, DoorKeys.FILE);
        DoorKeys first = file.content();

        assertThat(file.reload()).isFalse();
        assertThat(file.content()).isSameAs(first);
        Files.writeString(path, "nonsense");
        assertThat(file.reload()).isFalse();
        assertThat(file.content()).isSameAs(first);
        Files.delete(path);
        assertThat(file.reload()).isFalse();
        assertThat(file.content()).isSameAs(first);

        Files.writeString(path, "b " + DoorKeys.hash("two"));
        assertThat(file.reload()).isTrue();
        assertThat(file.content().caller("one")).isEmpty();
        assertThat(file.content().caller("two")).isPresent();
        assertThatThrownBy(() -> new ReloadedFile<>(folder.resolve("missing"), DoorKeys.FILE))
                .hasMessageContaining("no such file; make it with 'sluice gateway key add NAME --keys-file ");
    }

    @Test
    void whatAKeyHasWaitingStillCountsWhenOtherLinesChange(@TempDir Path folder) throws Exception {
        String line = "web " + DoorKeys.hash("one") + " max-waiting=1";
        Path path = folder.resolve("keys");
        Files.writeString(path, line);
        ReloadedFile<DoorKeys> file = new ReloadedFile<>(path, DoorKeys.FILE);
        CallerAllowance waiting = allowance(file);
        assertThat(waiting.take(0)).isEmpty();

        Files.writeString(path, line + "\nother " + DoorKeys.hash("two"));
        assertThat(file.reload()).isTrue();
        assertThat(allowance(file).take(0).orElseThrow().status()).isEqualTo(429);
        waiting.release();
        assertThat(allowance(file).take(0)).isEmpty();

        Files.writeString(path, line.replace("=1", "=2"));
        assertThat(file.reload()).isTrue();
        assertThat(allowance(file).take(0)).isEmpty();
        assertThat(allowance(file).take(0)).isEmpty();
        assertThat(allowance(file).take(0)).isPresent();
    }

    private static CallerAllowance allowance(ReloadedFile<DoorKeys> file) {
        return file.content().caller("one").orElseThrow().allowance();
    }
}
