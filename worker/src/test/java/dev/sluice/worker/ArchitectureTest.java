package dev.sluice.worker;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Data flows one way through these packages, and each touches only what it owns. */
class ArchitectureTest {
    private static final String WORKER = "dev.sluice.worker";
    private static final List<String> FLOW = List.of("intake", "cache", "pace", "call", "outcome", "settle");
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(WORKER);

    @ParameterizedTest
    @ValueSource(strings = {"intake", "cache", "pace", "call", "outcome", "settle"})
    void knowsNoLaterStage(String stage) {
        String[] later = FLOW.subList(FLOW.indexOf(stage) + 1, FLOW.size()).stream()
                .map(name -> WORKER + "." + name + "..")
                .toArray(String[]::new);

        if (later.length > 0) {
            noClasses()
                    .that()
                    .resideInAPackage(WORKER + "." + stage + "..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(later)
                    .because("a stage may use the types of the stages before it only")
                    .check(CLASSES);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"intake", "cache", "pace", "call", "outcome", "settle"})
    void knowsNeitherTheWiringNorTheCommandLine(String stage) {
        noClasses()
                .that()
                .resideInAPackage(WORKER + "." + stage + "..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(WORKER, WORKER + ".cli..")
                .check(CLASSES);
    }

    @Test
    void onlyIntakeSettleAndTheCommandLineTouchKafkaAndWhatShowsItsOwnMeters() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        WORKER + ".cache..",
                        WORKER + ".pace..",
                        WORKER + ".call..",
                        WORKER + ".outcome..",
                        WORKER + ".observe..")
                .and()
                .doNotHaveSimpleName("KafkaMeters")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.apache.kafka..")
                .check(CLASSES);
    }

    @Test
    void ofTheWiringOnlyWorkerTouchesKafka() {
        noClasses()
                .that()
                .resideInAPackage(WORKER)
                .and()
                .doNotHaveSimpleName("Worker")
                .and()
                .haveNameNotMatching(".*\\.Worker\\$.*")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.apache.kafka..")
                .check(CLASSES);
    }

    @Test
    void onlyCallSpeaksHttp() {
        noClasses()
                .that()
                .resideOutsideOfPackage(WORKER + ".call..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.net.http..")
                .check(CLASSES);
    }

    @Test
    void onlyObserveKnowsHowMetricsAreKept() {
        noClasses()
                .that()
                .resideOutsideOfPackage(WORKER + ".observe..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.micrometer..", "io.prometheus..")
                .check(CLASSES);
    }

    @Test
    void noStageKnowsHowTracesAreKept() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        FLOW.stream().map(stage -> WORKER + "." + stage + "..").toArray(String[]::new))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.opentelemetry..")
                .check(CLASSES);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching(WORKER + ".(*)..").should().beFreeOfCycles().check(CLASSES);
    }
}
