package dev.sluice.worker.cli.worker;

import static dev.sluice.worker.cli.worker.KubernetesManifestsTest.FOLDER;
import static dev.sluice.worker.cli.worker.KubernetesManifestsTest.STRICT;
import static dev.sluice.worker.cli.worker.KubernetesManifestsTest.documents;
import static dev.sluice.worker.cli.worker.KubernetesManifestsTest.map;
import static dev.sluice.worker.cli.worker.KubernetesManifestsTest.variables;
import static org.assertj.core.api.Assertions.assertThat;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.LintResult;
import com.marcnuri.helm.TemplateCommand;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.openshift.api.model.monitoring.v1.PodMonitor;
import io.fabric8.openshift.api.model.monitoring.v1.PrometheusRule;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Renders the Helm chart with Helm's own engine, and reads what comes out as strictly as the manifests. */
class HelmChartTest {
    private static final Map<String, Class<?>> TYPES = Map.of(
            "StatefulSet", StatefulSet.class,
            "Deployment", Deployment.class,
            "Job", Job.class,
            "Service", Service.class,
            "PodDisruptionBudget", PodDisruptionBudget.class,
            "NetworkPolicy", NetworkPolicy.class,
            "PodMonitor", PodMonitor.class,
            "PrometheusRule", PrometheusRule.class,
            "ScaledObject", Map.class);

    @Test
    void helmFindsNothingWrong() {
        LintResult result = new Helm(FOLDER).lint().strict().call();

        assertThat(result.isFailed()).as("%s", result.getMessages()).isFalse();
    }

    @Test
    void theChartHasTheVersionOfTheImage() throws Exception {
        Map<?, ?> chart =
                documents(Files.newBufferedReader(FOLDER.resolve("Chart.yaml"))).get(0);
        Map<?, ?> kustomization = documents(Files.newBufferedReader(FOLDER.resolve("kustomization.yaml")))
                .get(0);
        Object tag = map(((List<?>) kustomization.get("images")).get(0)).get("newTag");

        assertThat(chart.get("appVersion")).isEqualTo(tag);
        assertThat(tag.toString()).startsWith(chart.get("version").toString());
    }

    @Test
    void unlessToldOtherwiseTheChartHasTheManifests() throws Exception {
        List<Object> rendered = render(Map.of());

        assertThat(rendered).hasSize(12);
        StatefulSet worker = one(rendered, StatefulSet.class);
        assertThat(worker.getSpec().getReplicas()).isEqualTo(2);
        PodSpec pod = worker.getSpec().getTemplate().getSpec();
        assertThat(pod.getTerminationGracePeriodSeconds()).isEqualTo(60);
        assertThat(pod.getVolumes().get(0).getSecret().getDefaultMode()).isEqualTo(0440);
        Container container = pod.getContainers().get(0);
        assertThat(container.getImage()).startsWith("sluice:0.");
        assertThat(container.getEnvFrom()).isEmpty();
        List<String> names = container.getEnv().stream().map(EnvVar::getName).toList();
        assertThat(names)
                .contains("SLUICE_INSTANCE_ID", "SLUICE_BOOTSTRAP_SERVERS", "SLUICE_DRAIN_TIMEOUT")
                .doesNotHaveDuplicates();
        assertThat(variables(container)).containsAll(names);
        Job topics = one(rendered, Job.class);
        assertThat(variables(
                        topics.getSpec().getTemplate().getSpec().getContainers().get(0)))
                .containsAll(topics.getSpec().getTemplate().getSpec().getContainers().get(0).getEnv().stream()
                        .map(EnvVar::getName)
                        .toList());
    }

    @Test
    void valuesChangeWhatDiffers() throws Exception {
        List<Object> rendered = render(Map.of(
                "image.repository", "registry.example/sluice",
                "image.tag", "1",
                "worker.env.SLUICE_LIMIT", "none",
                "worker.pod.nodeSelector.disk", "fast",
                "gateway.enabled", "false",
                "topics.enabled", "false",
                "networkPolicy.kafka.ports[0].port", "9098",
                "autoscaling.enabled", "true",
                "monitoring.enabled", "true",
                "monitoring.labels.release", "metrics"));

        StatefulSet worker = one(rendered, StatefulSet.class);
        PodSpec pod = worker.getSpec().getTemplate().getSpec();
        assertThat(worker.getSpec().getReplicas()).isNull();
        assertThat(pod.getNodeSelector()).containsEntry("disk", "fast");
        assertThat(pod.getContainers().get(0).getImage()).isEqualTo("registry.example/sluice:1");
        assertThat(pod.getContainers().get(0).getEnv()).contains(new EnvVar("SLUICE_LIMIT", "none", null));
        assertThat(one(rendered, Deployment.class).getMetadata().getName()).isEqualTo("sluice-console");
        assertThat(rendered).noneMatch(Job.class::isInstance);
        assertThat(one(rendered, PodMonitor.class).getMetadata().getLabels()).containsEntry("release", "metrics");
        assertThat(one(rendered, PrometheusRule.class).getSpec().getGroups()).isNotEmpty();
        assertThat(rendered)
                .filteredOn(NetworkPolicy.class::isInstance)
                .hasSize(2)
                .allSatisfy(policy -> assertThat(
                                ((NetworkPolicy) policy).getSpec().getEgress())
                        .anySatisfy(rule -> assertThat(rule.getPorts())
                                .extracting(port -> port.getPort().getIntVal())
                                .containsExactly(9098)));
    }

    @Test
    void aFileOfValuesAddsToThePodsAndKeepsLargeNumbers(@TempDir Path folder) throws Exception {
        Path values = Files.writeString(folder.resolve("values.yaml"), """
                image: {tag: 20261201}
                worker:
                  env:
                    SLUICE_MAX_IN_FLIGHT: 1000000
                    SLUICE_LIMIT: {valueFrom: {configMapKeyRef: {name: limits, key: all}}}
                  container:
                    resources: {limits: {memory: 1Gi}}
                    volumeMounts: [{name: agents, mountPath: /agents}]
                  pod:
                    securityContext: {runAsUser: 1000660000}
                    volumes: [{name: agents, emptyDir: {}}]
                    containers: [{name: proxy, image: nginx}]
                """);
        List<Object> plain = render(Map.of());
        List<Object> rendered = rendered(template().withValuesFile(values));

        PodSpec pod = one(rendered, StatefulSet.class).getSpec().getTemplate().getSpec();
        PodSpec before = one(plain, StatefulSet.class).getSpec().getTemplate().getSpec();
        Container worker = pod.getContainers().get(0);
        assertThat(pod.getContainers()).extracting(Container::getName).containsExactly("worker", "proxy");
        assertThat(pod.getSecurityContext().getRunAsUser()).isEqualTo(1_000_660_000L);
        assertThat(worker.getImage()).isEqualTo("sluice:20261201");
        assertThat(worker.getEnv()).contains(new EnvVar("SLUICE_MAX_IN_FLIGHT", "1000000", null));
        assertThat(worker.getEnv())
                .filteredOn(each -> each.getName().equals("SLUICE_LIMIT"))
                .singleElement()
                .satisfies(limit -> assertThat(
                                limit.getValueFrom().getConfigMapKeyRef().getName())
                        .isEqualTo("limits"));
        assertThat(worker.getResources().getLimits().get("memory").toString()).isEqualTo("1Gi");
        assertThat(worker.getVolumeMounts())
                .containsAll(before.getContainers().get(0).getVolumeMounts())
                .hasSize(before.getContainers().get(0).getVolumeMounts().size() + 1);
        assertThat(pod.getVolumes())
                .containsAll(before.getVolumes())
                .hasSize(before.getVolumes().size() + 1);
    }

    private static List<Object> render(Map<String, String> values) throws Exception {
        TemplateCommand template = template();
        values.forEach(template::set);
        return rendered(template);
    }

    private static TemplateCommand template() {
        return new Helm(FOLDER).template().withName("sluice").withNamespace("sluice");
    }

    private static List<Object> rendered(TemplateCommand template) throws Exception {
        return documents(new StringReader(template.call())).stream()
                .map(document -> (Object) STRICT.convertValue(
                        document, TYPES.get(document.get("kind").toString())))
                .toList();
    }

    private static <T> T one(List<Object> rendered, Class<T> type) {
        List<T> all = rendered.stream().filter(type::isInstance).map(type::cast).toList();
        assertThat(all).filteredOn(each -> !(each instanceof Deployment)).hasSizeLessThanOrEqualTo(1);
        return all.get(0);
    }
}
