package dev.sluice.gateway.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;

/**
 * A volume of its own that a test fills, so that writing fails as it does on a full disk. It is mounted in a namespace
 * of a process that does nothing else, which takes no rights, and is gone with that process.
 */
public final class SmallVolume implements AutoCloseable {
    private static final int PAGE = 4096;

    private final Process holder;
    private final Path root;

    private SmallVolume(Process holder, Path root) {
        this.holder = holder;
        this.root = root;
    }

    /**
     * Mounts a volume. The test is left out, and says so, where the system does not let a user do that.
     *
     * @param folder where it is mounted for the process that has it
     */
    public static SmallVolume mount(Path folder, int bytes) throws IOException, InterruptedException {
        Path place = Files.createTempDirectory(folder, "volume").toAbsolutePath();
        String script = "mount -t tmpfs -o size=" + bytes + " none '" + place + "' && echo mounted && exec cat";
        Process holder = new ProcessBuilder("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        byte[] said = holder.getInputStream().readNBytes("mounted\n".length());
        if (said.length == 0) {
            holder.waitFor();
            System.out.println("Skipped: no volume can be mounted here, so that a full disk is not tried");
            abort("unshare does not work");
        }
        return new SmallVolume(holder, Path.of("/proc/" + holder.pid() + "/root" + place));
    }

    /** Returns its directory, which is empty at first. */
    public Path root() {
        return root;
    }

    /** Takes all room but that of so many small files. */
    public void fill(int smallFiles) throws IOException {
        free();
        try (FileChannel filler = FileChannel.open(filler(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            fill(filler);
            filler.truncate(Math.max(0, (filler.size() / PAGE - smallFiles) * PAGE));
        }
    }

    private static void fill(FileChannel filler) {
        try {
            while (true) {
                filler.write(ByteBuffer.allocate(PAGE));
            }
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("No space left");
        }
    }

    /** Gives back the room that {@link #fill} has taken. */
    public void free() throws IOException {
        Files.deleteIfExists(filler());
    }

    private Path filler() {
        return root.resolve("filler");
    }

    @Override
    public void close() throws InterruptedException {
        holder.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
    }
}
