package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.KeyFileEditor.Grant;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyFileEditorTest {
    private static final Grant WEB = grant("web");

    @TempDir
    private Path folder;

    private final SecureRandom random = new SecureRandom();

    @Test
    void aKeyThatIsAddedIsKnownToADoorWithWhatItMayDo() throws Exception {
        Path file = folder.resolve("keys");
        Grant grant = new Grant("web", Optional.of("shop"), true, OptionalInt.of(50), OptionalInt.of(20));

        String key = new KeyFileEditor(file).add(grant, random);
        String other = new KeyFileEditor(file).add(grant("batch"), random);

        assertThat(key).matches("sluice-[A-Za-z0-9_-]{43}").isNotEqualTo(other);
        assertThat(Files.readString(file)).doesNotContain(key).doesNotContain(other);
        assertThat(Files.readAllLines(file))
                .containsExactly(
                        "web " + DoorKeys.hash(key) + " tenant=shop express max-waiting=50 max-per-second=20",
                        "batch " + DoorKeys.hash(other));
        Caller caller = DoorKeys.parse(Files.readAllLines(file)).caller(key).orElseThrow();
        assertThat(caller.tenant()).isEqualTo("shop");
        assertThat(caller.isExpress()).isTrue();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(filesIn(folder)).containsExactly("keys");
    }

    @Test
    void whatElseIsInTheFileAndWhoMayReadItStays() throws Exception {
        Path file = Files.writeString(folder.resolve("keys"), "# ours\n\nold " + DoorKeys.hash("k") + " express");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), file);

        new KeyFileEditor(link).add(WEB, random);

        assertThat(Files.readAllLines(file))
                .hasSize(4)
                .startsWith("# ours", "", "old " + DoorKeys.hash("k") + " express");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-r-----");
        assertThat(link).isSymbolicLink();
    }

    @Test
    void aKeyThatIsRemovedIsUnknown() throws Exception {
        KeyFileEditor editor = new KeyFileEditor(folder.resolve("keys"));
        String key = editor.add(WEB, random);
        editor.add(grant("web-2"), random);

        editor.remove("web");

        DoorKeys left = DoorKeys.parse(Files.readAllLines(folder.resolve("keys")));
        assertThat(left.caller(key)).isEmpty();
        assertThat(Files.readString(folder.resolve("keys"))).startsWith("web-2 ");
    }

    @Test
    void whatCannotBeDoneLeavesTheFileAsItWas() throws Exception {
        Path file = folder.resolve("keys");
        KeyFileEditor editor = new KeyFileEditor(file);
        editor.add(WEB, random);
        String before = Files.readString(file);

        refuses(() -> editor.add(WEB, random), "there is a key 'web' already");
        refuses(() -> editor.remove("wbe"), "there is no key 'wbe'");
        refuses(() -> editor.remove("web"), "the last key");
        assertThat(Files.readString(file)).isEqualTo(before);

        Files.writeString(file, "web " + DoorKeys.hash("k") + " expres");
        refuses(() -> editor.add(grant("b"), random), "'expres' is not known");
        assertThat(filesIn(folder)).containsExactly("keys");
    }

    @Test
    void twoDoNotChangeItAtOnce() throws Exception {
        Files.createFile(folder.resolve("keys.new"));

        assertThatThrownBy(() -> new KeyFileEditor(folder.resolve("keys")).add(WEB, random))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("another command changes the file");
        assertThat(filesIn(folder)).containsExactly("keys.new");
    }

    private static void refuses(ThrowingCallable change, String words) {
        assertThatThrownBy(change).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(words);
    }

    private static Grant grant(String name) {
        return new Grant(name, Optional.empty(), false, OptionalInt.empty(), OptionalInt.empty());
    }

    private static List<String> filesIn(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }
}
