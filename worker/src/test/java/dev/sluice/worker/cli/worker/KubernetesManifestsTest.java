package dev.sluice.worker.cli.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import dev.sluice.worker.Worker;
import dev.sluice.worker.cli.CommandTree;
import dev.sluice.worker.cli.TestTerminal;
import dev.sluice.worker.cli.gateway.GatewayRun;
import dev.sluice.worker.cli.options.OptionNames;
import dev.sluice.worker.text.Durations;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.openshift.api.model.monitoring.v1.PodMonitor;
import io.fabric8.openshift.api.model.monitoring.v1.PrometheusRule;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import picocli.CommandLine;

/**
 * Checks the manifests under {@code scripts/kubernetes} against the models of Kubernetes and the options of the
 * commands.
 */
class KubernetesManifestsTest {
    static final Path FOLDER = Path.of("../scripts/kubernetes");
    /** Reads resources, and fails where a field is unknown. */
    static final ObjectMapper STRICT = strict();

    private static final Path ALERTS = Path.of("../scripts/observe/alerts.yaml");

    private final StatefulSet worker = read("worker.yaml", "StatefulSet", StatefulSet.class);
    private final PodSpec pod = worker.getSpec().getTemplate().getSpec();
    private final Container container = pod.getContainers().get(0);
    private final Deployment gateway = read("gateway.yaml", "Deployment", Deployment.class);
    private final PodSpec gatewayPod = gateway.getSpec().getTemplate().getSpec();
    private final Container gatewayContainer = gatewayPod.getContainers().get(0);
    private final Deployment console = read("console.yaml", "Deployment", Deployment.class);
    private final PodSpec consolePod = console.getSpec().getTemplate().getSpec();
    private final Container consoleContainer = consolePod.getContainers().get(0);
    private final Job topics = read("topics.yaml", "Job", Job.class);
    private final PodSpec topicsPod = topics.getSpec().getTemplate().getSpec();
    private final Container topicsContainer = topicsPod.getContainers().get(0);

    @Test
    void anUnknownFieldIsFound() {
        Map<String, Object> mistyped = Map.of("spec", Map.of("replica", 2));

        assertThatThrownBy(() -> STRICT.convertValue(mistyped, StatefulSet.class))
                .hasMessageContaining("\"replica\"");
    }

    @Test
    void theKustomizationNamesEveryFile() throws IOException {
        List<String> all = new ArrayList<>(strings(kustomization().get("resources")));
        all.addAll(List.of("kustomization.yaml", "autoscaling.yaml", "monitoring.yaml"));
        all.addAll(List.of("Chart.yaml", "values.yaml", "templates"));

        try (Stream<Path> files = Files.list(FOLDER)) {
            assertThat(files.map(file -> file.getFileName().toString())).containsExactlyInAnyOrderElementsOf(all);
        }
    }

    @Test
    void everyVariableIsAnOptionOfItsCommand() {
        knowsEveryVariable("worker", container, 0, 5);
        knowsEveryVariable("gateway", gatewayContainer, 1, 5);
        knowsEveryVariable("console", consoleContainer, 2, 2);
        knowsEveryVariable("topics", topicsContainer, 3, 1);
    }

    private static void knowsEveryVariable(String command, Container container, int configMap, int atLeast) {
        List<String> used =
                new ArrayList<>(container.getEnv().stream().map(EnvVar::getName).toList());
        literals(configMap).forEach(literal -> used.add(literal.substring(0, literal.indexOf('='))));

        assertThat(container.getArgs().get(0)).isEqualTo(command);
        assertThat(used).hasSizeGreaterThanOrEqualTo(atLeast);
        assertThat(variables(container)).containsAll(used).contains("SLUICE_KAFKA_CONFIG");
    }

    /** Returns the variables of the command that a container runs. */
    static List<String> variables(Container container) {
        CommandLine command = CommandTree.of(new TestTerminal().terminal());
        for (String word : container.getArgs()) {
            command = command.getSubcommands().get(word);
        }
        return command.getCommandSpec().options().stream()
                .filter(OptionNames::isSetting)
                .flatMap(option -> OptionNames.env(option).stream())
                .toList();
    }

    @Test
    void aPodMayLiveUntilItsWorkerHasDrained() {
        Duration grace = Duration.ofSeconds(pod.getTerminationGracePeriodSeconds());

        assertThat(grace).isGreaterThan(Worker.longestClose(drain(0)));
    }

    @Test
    void aPodMayLiveUntilItsGatewayHasDrained() {
        Duration grace = Duration.ofSeconds(gatewayPod.getTerminationGracePeriodSeconds());
        List<String> pause =
                gatewayContainer.getLifecycle().getPreStop().getExec().getCommand();

        assertThat(pause).startsWith("sleep");
        assertThat(grace.minusSeconds(Long.parseLong(pause.get(1)))).isGreaterThan(GatewayRun.longestClose(drain(1)));
    }

    private static Duration drain(int configMap) {
        return literals(configMap).stream()
                .filter(literal -> literal.startsWith("SLUICE_DRAIN_TIMEOUT="))
                .map(literal -> Durations.parse(literal.substring(literal.indexOf('=') + 1)))
                .findFirst()
                .orElseThrow();
    }

    /** The page lets everybody replay, so no option and no service leads to it from outside of its pod. */
    @Test
    void theConsoleIsReachedByAForwardedPortAlone() {
        List<String> settings = new ArrayList<>(literals(2));
        consoleContainer.getEnv().forEach(variable -> settings.add(variable.getName()));
        NetworkPolicy policy =
                STRICT.convertValue(documents("network-policy.yaml").get(2), NetworkPolicy.class);

        assertThat(settings).noneMatch(setting -> setting.matches("SLUICE_(ADDRESS|WITHOUT_USERS).*"));
        assertThat(documents("console.yaml")).hasSize(1);
        assertThat(policy.getSpec().getPolicyTypes()).contains("Ingress");
        assertThat(policy.getSpec().getIngress()).isEmpty();
        assertThat(policy.getSpec().getPodSelector().getMatchLabels())
                .isEqualTo(console.getSpec().getTemplate().getMetadata().getLabels())
                .isEqualTo(console.getSpec().getSelector().getMatchLabels());
    }

    @Test
    void theInstanceIdIsTheNameOfThePod() {
        EnvVar id = container.getEnv().stream()
                .filter(variable -> variable.getName().equals("SLUICE_INSTANCE_ID"))
                .findFirst()
                .orElseThrow();

        assertThat(id.getValueFrom().getFieldRef().getFieldPath()).isEqualTo("metadata.name");
    }

    @Test
    void probesAskDeclaredPorts() {
        probesAskDeclaredPorts(container);
        probesAskDeclaredPorts(gatewayContainer);
    }

    private static void probesAskDeclaredPorts(Container container) {
        List<String> ports =
                container.getPorts().stream().map(ContainerPort::getName).toList();

        assertThat(container.getReadinessProbe().getHttpGet().getPath()).isEqualTo("/health/ready");
        for (Probe probe :
                List.of(container.getReadinessProbe(), container.getLivenessProbe(), container.getStartupProbe())) {
            assertThat(ports).contains(probe.getHttpGet().getPort().getStrVal());
        }
    }

    @Test
    void everySelectorMatchesTheSamePods() {
        Map<String, String> labels =
                worker.getSpec().getTemplate().getMetadata().getLabels();

        assertThat(worker.getSpec().getSelector().getMatchLabels()).isEqualTo(labels);
        Service service = read("worker.yaml", "Service", Service.class);
        assertThat(service.getSpec().getSelector()).isEqualTo(labels);
        assertThat(service.getMetadata().getName()).isEqualTo(worker.getSpec().getServiceName());
        PodDisruptionBudget budget = read("worker.yaml", "PodDisruptionBudget", PodDisruptionBudget.class);
        assertThat(budget.getSpec().getSelector().getMatchLabels()).isEqualTo(labels);
        NetworkPolicy policy = read("network-policy.yaml", "NetworkPolicy", NetworkPolicy.class);
        assertThat(policy.getSpec().getPodSelector().getMatchLabels()).isEqualTo(labels);
        Map<?, ?> target =
                map(map(documents("autoscaling.yaml").get(0).get("spec")).get("scaleTargetRef"));
        assertThat(target.get("kind")).isEqualTo(worker.getKind());
        assertThat(target.get("name")).isEqualTo(worker.getMetadata().getName());
    }

    @Test
    void everySelectorOfTheGatewayMatchesTheSamePods() {
        Map<String, String> labels =
                gateway.getSpec().getTemplate().getMetadata().getLabels();

        assertThat(gateway.getSpec().getSelector().getMatchLabels()).isEqualTo(labels);
        Service service = read("gateway.yaml", "Service", Service.class);
        assertThat(service.getSpec().getSelector()).isEqualTo(labels);
        assertThat(service.getSpec().getPorts().get(0).getTargetPort().getStrVal())
                .isEqualTo(gatewayContainer.getPorts().get(0).getName());
        PodDisruptionBudget budget = read("gateway.yaml", "PodDisruptionBudget", PodDisruptionBudget.class);
        assertThat(budget.getSpec().getSelector().getMatchLabels()).isEqualTo(labels);
        NetworkPolicy policy =
                STRICT.convertValue(documents("network-policy.yaml").get(1), NetworkPolicy.class);
        assertThat(policy.getSpec().getPodSelector().getMatchLabels()).isEqualTo(labels);
    }

    @Test
    void noPodHasMorePrivilegesThanItNeeds() {
        hasNoMorePrivilegesThanItNeeds(pod, container);
        hasNoMorePrivilegesThanItNeeds(gatewayPod, gatewayContainer);
        hasNoMorePrivilegesThanItNeeds(consolePod, consoleContainer);
        hasNoMorePrivilegesThanItNeeds(topicsPod, topicsContainer);
    }

    @Test
    void everyPodMayHavePropertiesOfKafkaFromASecret() {
        for (PodSpec each : List.of(pod, gatewayPod, consolePod, topicsPod)) {
            assertThat(each.getVolumes()).anySatisfy(volume -> {
                assertThat(volume.getName()).isEqualTo("kafka");
                assertThat(volume.getSecret().getSecretName()).isEqualTo("sluice-kafka");
                assertThat(volume.getSecret().getOptional()).isTrue();
            });
            assertThat(each.getContainers().get(0).getVolumeMounts())
                    .anySatisfy(mount -> assertThat(mount.getMountPath()).isEqualTo("/etc/sluice/kafka"));
        }
    }

    @Test
    void metricsAreCollectedFromDeclaredPortsOfTheSamePods() {
        for (Map.Entry<Integer, Container> each :
                Map.of(0, container, 1, gatewayContainer).entrySet()) {
            PodMonitor monitor =
                    STRICT.convertValue(documents("monitoring.yaml").get(each.getKey()), PodMonitor.class);
            assertThat(monitor.getSpec().getSelector().getMatchLabels())
                    .isEqualTo((each.getKey() == 0
                                    ? worker.getSpec().getSelector()
                                    : gateway.getSpec().getSelector())
                            .getMatchLabels());
            assertThat(each.getValue().getPorts())
                    .extracting(ContainerPort::getName)
                    .contains(monitor.getSpec().getPodMetricsEndpoints().get(0).getPort());
        }
    }

    @Test
    void theAlertsAreThoseForPrometheusWithoutAnOperator() throws IOException {
        PrometheusRule unused = read("monitoring.yaml", "PrometheusRule", PrometheusRule.class);
        Map<?, ?> rule = documents("monitoring.yaml").get(2);

        assertThat(map(rule.get("spec")).get("groups"))
                .isEqualTo(documents(Files.newBufferedReader(ALERTS)).get(0).get("groups"));
    }

    private static void hasNoMorePrivilegesThanItNeeds(PodSpec pod, Container container) {
        assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
        assertThat(pod.getAutomountServiceAccountToken()).isFalse();
        assertThat(container.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
        assertThat(container.getSecurityContext().getAllowPrivilegeEscalation()).isFalse();
        assertThat(container.getSecurityContext().getCapabilities().getDrop()).containsExactly("ALL");
        assertThat(container.getResources().getLimits()).containsKey("memory");
    }

    private static ObjectMapper strict() {
        ObjectMapper mapper = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
        // The models keep unknown fields, so that they can write them again.
        return mapper.setAnnotationIntrospector(new JacksonAnnotationIntrospector() {
            @Override
            public Boolean hasAnySetter(Annotated annotated) {
                return false;
            }
        });
    }

    private static <T> T read(String file, String kind, Class<T> type) {
        return documents(file).stream()
                .filter(document -> kind.equals(document.get("kind")))
                .map(document -> STRICT.convertValue(document, type))
                .findFirst()
                .orElseThrow();
    }

    private static List<Map<?, ?>> documents(String file) {
        try {
            return documents(Files.newBufferedReader(FOLDER.resolve(file)));
        } catch (IOException failure) {
            throw new AssertionError(file, failure);
        }
    }

    /** Returns the documents of a text, in which no key may be there twice. */
    static List<Map<?, ?>> documents(Reader text) throws IOException {
        List<Map<?, ?>> all = new ArrayList<>();
        try (text) {
            LoaderOptions options = new LoaderOptions();
            options.setAllowDuplicateKeys(false);
            new Yaml(new SafeConstructor(options)).loadAll(text).forEach(document -> all.add(map(document)));
        }
        return all;
    }

    private static Map<?, ?> kustomization() {
        return documents("kustomization.yaml").get(0);
    }

    private static List<String> literals(int configMap) {
        return strings(map(((List<?>) kustomization().get("configMapGenerator")).get(configMap))
                .get("literals"));
    }

    private static List<String> strings(Object list) {
        return ((List<?>) list).stream().map(String.class::cast).toList();
    }

    static Map<?, ?> map(Object value) {
        return (Map<?, ?>) value;
    }
}
