package dev.sluice.worker.cli;

import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.BrokerSettings;
import dev.sluice.sandbox.SandboxBroker;
import dev.sluice.sandbox.SandboxTopics;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.wire.Topics;
import dev.sluice.worker.WorkerConfig;
import dev.sluice.worker.cli.worker.WorkerCommand;
import dev.sluice.worker.topics.TopicPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.security.auth.SecurityProtocol;

/**
 * A broker with TLS, SCRAM passwords and ACLs, and the configuration files of its users. Its certificate is
 * self-signed.
 */
final class SecuredKafka implements AutoCloseable {
    private static final String STORE_PASSWORD = "store-password";
    private static final String ADMIN = "admin";
    private static final Duration BOUND = Duration.ofSeconds(20);
    private static final int SCRAM_ROUNDS = 4096;

    private final Path folder;
    private final Path certificate;
    private final SandboxBroker broker;
    private final Admin admin;

    private SecuredKafka(Path folder, Path certificate, SandboxBroker broker) {
        this.folder = folder;
        this.certificate = certificate;
        this.broker = broker;
        this.admin = Admin.create(properties(ADMIN));
    }

    /**
     * Starts a broker.
     *
     * @param folder takes the certificates and the files of the users
     */
    static SecuredKafka start(Path folder) throws IOException, InterruptedException {
        Path certificate = certificate(folder, "broker");
        BrokerSettings settings = BrokerSettings.defaults()
                .withProtocol(SecurityProtocol.SASL_SSL)
                .withProperty(
                        "ssl.keystore.location", folder.resolve("broker.p12").toString())
                .withProperty("ssl.keystore.password", STORE_PASSWORD)
                .withProperty("ssl.key.password", STORE_PASSWORD)
                .withProperty("sasl.enabled.mechanisms", "PLAIN,SCRAM-SHA-512")
                .withProperty(
                        "listener.name.clients.plain.sasl.jaas.config",
                        "org.apache.kafka.common.security.plain.PlainLoginModule required user_" + ADMIN + "=\""
                                + password(ADMIN) + "\";")
                .withProperty(
                        "listener.name.clients.scram-sha-512.sasl.jaas.config",
                        "org.apache.kafka.common.security.scram.ScramLoginModule required;")
                .withProperty("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer")
                .withProperty("allow.everyone.if.no.acl.found", "false")
                .withProperty("super.users", "User:ANONYMOUS;User:" + ADMIN);
        return new SecuredKafka(folder, certificate, SandboxBroker.start(settings));
    }

    /** Makes a new key for {@code localhost} in NAME.p12, and returns the file of its self-signed certificate. */
    static Path certificate(Path folder, String name) throws IOException, InterruptedException {
        String store = folder.resolve(name + ".p12").toString();
        Path certificate = folder.resolve(name + ".pem");
        List<String> storeOptions = List.of("-alias", "broker", "-keystore", store, "-storepass", STORE_PASSWORD);
        keytool(storeOptions, "-genkeypair", "-keyalg", "EC", "-dname", "CN=localhost", "-ext", "SAN=dns:localhost");
        keytool(storeOptions, "-exportcert", "-rfc", "-file", certificate.toString());
        return certificate;
    }

    private static void keytool(List<String> storeOptions, String... words) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        command.addAll(List.of(words));
        command.addAll(storeOptions);
        Process process = new ProcessBuilder(command).inheritIO().start();
        if (!process.waitFor(BOUND.toSeconds(), TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IllegalStateException("keytool has failed: " + command);
        }
    }

    String servers() {
        return broker.bootstrapServers();
    }

    /** Returns an admin client of the super user. */
    Admin admin() {
        return admin;
    }

    static String password(String user) {
        return user + "-secret";
    }

    /** Returns the configuration of a client of this user, with {@code bootstrap.servers}. */
    Map<String, Object> properties(String user) {
        return properties(user, password(user), certificate);
    }

    private Map<String, Object> properties(String user, String password, Path trusted) {
        boolean scram = !user.equals(ADMIN);
        Map<String, Object> properties = new HashMap<>();
        properties.put("bootstrap.servers", servers());
        properties.put("security.protocol", "SASL_SSL");
        properties.put("sasl.mechanism", scram ? "SCRAM-SHA-512" : "PLAIN");
        properties.put(
                "sasl.jaas.config",
                "org.apache.kafka.common.security." + (scram ? "scram.Scram" : "plain.Plain")
                        + "LoginModule required username=\"" + user + "\" password=\"" + password + "\";");
        properties.put("ssl.truststore.type", "PEM");
        properties.put("ssl.truststore.location", trusted.toString());
        return properties;
    }

    /** Writes a file for {@code --kafka-config}. */
    String file(String user) throws IOException {
        return file(user, password(user), certificate);
    }

    String file(String user, String password, Path trusted) throws IOException {
        StringBuilder lines = new StringBuilder();
        properties(user, password, trusted)
                .forEach((key, value) ->
                        lines.append(key).append('=').append(value).append('\n'));
        Path file = Files.createTempFile(folder, user, ".properties");
        return Files.writeString(file, lines).toString();
    }

    /** Returns the command line of a worker. */
    String[] worker(TogetherStandIn api, Topics topics, String group) throws IOException {
        return new String[] {
            "worker",
            "--kafka-config=" + file(AclGrant.WORKER),
            "--base-url=" + api.baseUrl(),
            "--topic=" + topics.base(),
            "--group=" + group,
            "--limit=*=none",
            "--drain-timeout=2s",
            "--admin-port=0"
        };
    }

    /** Returns the configuration that {@link #worker} results in. */
    WorkerConfig config(TogetherStandIn api, String apiKey, Topics topics, String group)
            throws IOException, InterruptedException {
        TestTerminal terminal = new TestTerminal().env("TOGETHER_API_KEY", apiKey);
        ParsedCommand parsed = ParsedCommand.of(terminal, worker(api, topics, group));
        if (!parsed.problems().isEmpty()) {
            throw new IllegalStateException(parsed.problems().toString());
        }
        return ((WorkerCommand) parsed.command()).config();
    }

    /** Adds users and returns when they can log in. */
    void addUsers(String... users) throws ExecutionException, InterruptedException {
        ScramCredentialInfo scram = new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, SCRAM_ROUNDS);
        for (String user : users) {
            admin.alterUserScramCredentials(List.of(new UserScramCredentialUpsertion(user, scram, password(user))))
                    .all()
                    .get();
            await().atMost(BOUND).until(() -> logsIn(user));
        }
    }

    private boolean logsIn(String user) throws InterruptedException {
        try (Admin client = Admin.create(properties(user))) {
            client.describeCluster().nodes().get();
            return true;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof SaslAuthenticationException) {
                return false;
            }
            throw new IllegalStateException(e);
        }
    }

    /** Creates the topics with one partition each. */
    void createTopics(Topics topics) throws ExecutionException, InterruptedException {
        List<NewTopic> planned = TopicPlan.of(topics).stream()
                .map(plan -> new NewTopic(plan.name(), plan.partitions(1), (short) 1).configs(plan.settings()))
                .toList();
        SandboxTopics.create(admin, planned);
    }

    /** Adds rights and returns when the broker applies them. */
    void grant(Collection<AclGrant> grants) throws ExecutionException, InterruptedException {
        List<AclBinding> bindings = grants.stream().map(AclGrant::binding).toList();
        admin.createAcls(bindings).all().get();
        await().atMost(BOUND).until(() -> acls().containsAll(bindings));
    }

    /** Removes rights and returns when the broker applies this. */
    void revoke(Collection<AclGrant> grants) throws ExecutionException, InterruptedException {
        List<AclBinding> bindings = grants.stream().map(AclGrant::binding).toList();
        admin.deleteAcls(bindings.stream().map(AclBinding::toFilter).toList())
                .all()
                .get();
        await().atMost(BOUND).until(() -> acls().stream().noneMatch(bindings::contains));
    }

    private Collection<AclBinding> acls() throws ExecutionException, InterruptedException {
        return admin.describeAcls(AclBindingFilter.ANY).values().get();
    }

    @Override
    public void close() {
        admin.close();
        broker.close();
    }
}
