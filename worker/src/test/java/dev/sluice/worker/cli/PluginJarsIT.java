package dev.sluice.worker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Topics;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Logs in to a real broker with classes that only a jar in the folder of {@code --plugins} has, as clouds need it. */
@Timeout(120)
class PluginJarsIT {
    /** Two classes as a cloud's jar has them: a login module, and a handler that knows the credentials. */
    private static final String SOURCE = """
            package example;

            import java.util.List;
            import java.util.Map;
            import javax.security.auth.callback.*;
            import javax.security.auth.login.AppConfigurationEntry;
            import org.apache.kafka.common.security.scram.*;

            public class CloudLogin extends ScramLoginModule {
                public static class Handler
                        implements org.apache.kafka.common.security.auth.AuthenticateCallbackHandler {
                    private Map<String, ?> options;

                    @Override
                    public void configure(Map<String, ?> all, String mechanism, List<AppConfigurationEntry> jaas) {
                        options = jaas.get(0).getOptions();
                    }

                    @Override
                    public void handle(Callback[] callbacks) {
                        for (Callback each : callbacks) {
                            if (each instanceof NameCallback name) {
                                name.setName((String) options.get("account"));
                            } else if (each instanceof PasswordCallback password) {
                                password.setPassword((options.get("account") + "-secret").toCharArray());
                            }
                        }
                    }

                    @Override
                    public void close() {}
                }
            }
            """;

    @TempDir
    private static Path folder;

    private static SecuredKafka kafka;
    private static Path plugins;
    private static String config;

    private final ClassLoader before = Thread.currentThread().getContextClassLoader();
    private final TestTerminal terminal = new TestTerminal();

    @BeforeAll
    static void start() throws Exception {
        kafka = SecuredKafka.start(folder);
        kafka.addUsers(AclGrant.WORKER);
        kafka.createTopics(new Topics("chat"));
        plugins = Files.createDirectory(folder.resolve("plugins"));
        jar(plugins.resolve("cloud.jar"));
        String login =
                Files.readString(Path.of(kafka.file(AclGrant.WORKER))).replaceAll("(?m)^sasl.jaas.config=.*$", "")
                        + "sasl.jaas.config=example.CloudLogin required account=\"" + AclGrant.WORKER + "\";\n"
                        + "sasl.client.callback.handler.class=example.CloudLogin$Handler\n";
        config = Files.writeString(folder.resolve("cloud.properties"), login).toString();
    }

    @AfterAll
    static void stop() {
        if (kafka != null) { // its start may have failed
            kafka.close();
        }
    }

    @AfterEach
    void restore() {
        Thread.currentThread().setContextClassLoader(before);
    }

    @Test
    void aLoginFromAJarOfTheFolderIsUsed() {
        int code = terminal.run("topics", "describe", "--kafka-config=" + config, "--plugins=" + plugins);

        // the user may not describe the topics: it has logged in
        assertThat(terminal.err())
                .contains("give this user Describe on topic")
                .doesNotContain("CloudLogin", "let us in");
        assertThat(code).isEqualTo(2);
    }

    @Test
    void theFolderCanComeFromTheEnvironment() {
        terminal.env("SLUICE_PLUGINS", plugins.toString());

        terminal.run("topics", "describe", "--kafka-config=" + config);

        assertThat(terminal.err())
                .contains("give this user Describe on topic")
                .doesNotContain("CloudLogin", "let us in");
    }

    @Test
    void withoutTheJarItIsSaidWhereItBelongs() {
        assertThat(terminal.run("topics", "describe", "--kafka-config=" + config))
                .isEqualTo(2);
        assertThat(terminal.err().lines())
                .singleElement()
                .asString()
                .contains("example.CloudLogin", "put the jar that has the class into the folder of --plugins");
    }

    @Test
    void aFolderThatIsNotThereIsRefused() {
        assertThat(terminal.run("topics", "describe", "--plugins=" + folder.resolve("none")))
                .isEqualTo(2);
        assertThat(terminal.err()).contains("--plugins: " + folder.resolve("none") + " is no folder");
    }

    private static void jar(Path jar) throws IOException {
        Path source = Files.createDirectories(folder.resolve("example")).resolve("CloudLogin.java");
        Files.writeString(source, SOURCE);
        String classPath = System.getProperty("java.class.path");
        assertThat(ToolProvider.getSystemJavaCompiler()
                        .run(
                                null,
                                null,
                                null,
                                "-proc:none",
                                "-cp",
                                classPath,
                                "-d",
                                folder.toString(),
                                source.toString()))
                .isZero();
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file)) {
            for (String name : List.of("example/CloudLogin.class", "example/CloudLogin$Handler.class")) {
                out.putNextEntry(new JarEntry(name));
                Files.copy(folder.resolve(name), out);
                out.closeEntry();
            }
        }
    }
}
