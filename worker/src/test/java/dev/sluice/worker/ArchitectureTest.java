package dev.sluice.worker;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.properties.HasName;
import com.tngtech.archunit.core.domain.properties.HasOwner;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * Holds the walls between the worker's packages. Data flows one way through the stages, each package touches only what
 * it owns, and nothing below the command line knows it.
 */
@SuppressWarnings("UnusedVariable") // Error Prone does not see that @FieldSource reads the lists
class ArchitectureTest {
    private static final String WORKER = "dev.sluice.worker";

    /** The stages in the order in which a request meets them. */
    private static final List<String> STAGES = List.of("intake", "cache", "pace", "call", "outcome", "settle");

    /** The packages that everything may use. Each may use the ones before it in this list. */
    private static final List<String> BASE =
            List.of("text", "threads", "provider", "topics", "kafka", "pool", "cancel", "pieces");

    /** The packages that commands and the console are made of, and later the HTTP door. */
    private static final List<String> TOOLS = List.of("batch", "deadletters", "status");

    private static final List<String> COMMANDS =
            List.of("ask", "cancel", "console", "dlq", "gateway", "status", "submit", "topics", "worker", "workers");

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages(WORKER);

    private static final JavaClasses DOOR = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.sluice.gateway");

    @ParameterizedTest
    @FieldSource("STAGES")
    void aStageKnowsOnlyTheStagesBeforeItAndTheBase(String stage) {
        List<String> before = STAGES.subList(0, STAGES.indexOf(stage));
        dependsOnlyOn(stage, Stream.of(before, BASE).flatMap(List::stream));
    }

    @ParameterizedTest
    @FieldSource("BASE")
    void aBasePackageKnowsOnlyTheBaseBelowIt(String base) {
        dependsOnlyOn(base, BASE.subList(0, BASE.indexOf(base)).stream());
    }

    @ParameterizedTest
    @FieldSource("TOOLS")
    void aToolKnowsTheBaseOnly(String tool) {
        // The codec of the commit metadata belongs to settle; the status reads what settle wrote. It counts the dead
        // letters as the tool for dead letters does.
        Stream<String> more = tool.equals("status") ? Stream.of("settle", "deadletters") : Stream.of();
        dependsOnlyOn(tool, Stream.concat(more, BASE.stream()));
    }

    private static void dependsOnlyOn(String name, Stream<String> allowed) {
        String[] packages = Stream.concat(allowed, Stream.of(name))
                .map(ArchitectureTest::inside)
                .toArray(String[]::new);
        noClasses()
                .that()
                .resideInAPackage(inside(name))
                .should()
                .dependOnClassesThat(JavaClass.Predicates.resideInAPackage(WORKER + "..")
                        .and(JavaClass.Predicates.resideOutsideOfPackages(packages)))
                .check(CLASSES);
    }

    /** The runner of batches shares its machinery with {@code submit}. */
    @Test
    void theDoorUsesTheSdkAndNoStage() {
        noClasses()
                .that()
                .resideInAPackage("dev.sluice.gateway..")
                .should()
                .dependOnClassesThat(JavaClass.Predicates.resideInAPackage(WORKER + "..")
                        .and(JavaClass.Predicates.resideOutsideOfPackage(inside("batch"))))
                .check(DOOR);
        noClasses()
                .that()
                .resideInAPackage("dev.sluice.gateway..")
                .and()
                .resideOutsideOfPackage("dev.sluice.gateway.batches..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(WORKER + "..")
                .check(DOOR);
    }

    @Test
    void whatRunsBatchesKnowsNeitherHttpNorKafka() {
        noClasses()
                .that()
                .resideInAnyPackage("dev.sluice.gateway.batches..", "dev.sluice.gateway.files..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.sluice.gateway", "io.vertx..", "org.apache.kafka..")
                .check(DOOR);
    }

    @Test
    void theConsoleUsesTheToolsAndNoStage() {
        String[] used = Stream.concat(TOOLS.stream(), BASE.stream())
                .map(ArchitectureTest::inside)
                .toArray(String[]::new);
        noClasses()
                .that()
                .resideInAPackage("dev.sluice.console..")
                .should()
                .dependOnClassesThat(JavaClass.Predicates.resideInAPackage(WORKER + "..")
                        .and(JavaClass.Predicates.resideOutsideOfPackages(used)))
                .orShould()
                .dependOnClassesThat()
                .resideInAPackage("dev.sluice.gateway..")
                .check(new ClassFileImporter()
                        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                        .importPackages("dev.sluice.console"));
    }

    @Test
    void onlyItsCommandKnowsTheConsole() {
        noClasses()
                .that()
                .resideOutsideOfPackage(inside("cli.console"))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.sluice.console..")
                .check(CLASSES);
    }

    @Test
    void whatServersShareKnowsNeitherOfThem() {
        noClasses()
                .that()
                .resideInAPackage("dev.sluice.http..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(WORKER + "..", "dev.sluice.gateway..", "dev.sluice.console..")
                .check(new ClassFileImporter()
                        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                        .importPackages("dev.sluice.http"));
    }

    private static String inside(String name) {
        return WORKER + "." + name + "..";
    }

    @Test
    void onlyMainKnowsTheCommandLine() {
        noClasses()
                .that()
                .resideOutsideOfPackage(inside("cli"))
                .and()
                .doNotHaveSimpleName("Main")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(inside("cli"))
                .check(CLASSES);
    }

    @ParameterizedTest
    @FieldSource("COMMANDS")
    void aCommandKnowsNeitherAnotherCommandNorTheTop(String command) {
        String[] others = COMMANDS.stream()
                .filter(Predicate.not(command::equals))
                .map(name -> inside("cli." + name))
                .toArray(String[]::new);
        noClasses()
                .that()
                .resideInAPackage(inside("cli." + command))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(others)
                .orShould()
                .dependOnClassesThat()
                .resideInAPackage(WORKER + ".cli")
                .check(CLASSES);
    }

    @Test
    void everyCommandIsHeldByTheRuleAboveAndCliHasNoOtherRooms() {
        String[] rooms = Stream.concat(Stream.of("command", "options", "connection"), COMMANDS.stream())
                .map(name -> WORKER + ".cli." + name)
                .toArray(String[]::new);
        classes()
                .that()
                .resideInAPackage(WORKER + ".cli.*..")
                .should()
                .resideInAnyPackage(rooms)
                .check(CLASSES);
    }

    @Test
    void onlyTheCommandLineKnowsPicocli() {
        noClasses()
                .that()
                .resideOutsideOfPackage(inside("cli"))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("picocli..")
                .check(CLASSES);
    }

    @Test
    void cachePaceCallOutcomeAndObserveDoNotTouchKafka() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        Stream.of("cache", "pace", "call", "outcome", "observe", "provider", "text", "threads")
                                .map(ArchitectureTest::inside)
                                .toArray(String[]::new))
                .and()
                .doNotHaveSimpleName("KafkaMeters")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.apache.kafka..")
                .check(CLASSES);
    }

    @Test
    void onlyTheFactoryOfClientsMakesOne() {
        noClasses()
                .that()
                .resideOutsideOfPackage(inside("kafka"))
                .should()
                .callConstructorWhere(JavaCall.Predicates.target(HasOwner.Predicates.With.owner(
                        JavaClass.Predicates.resideInAPackage("org.apache.kafka.clients..")
                                .and(HasName.Predicates.nameMatching(".*\\.Kafka(Consumer|Producer)")))))
                .check(CLASSES);
    }

    @Test
    void inTheRootOnlyTheAssemblyTouchesKafka() {
        noClasses()
                .that()
                .resideInAPackage(WORKER)
                .and()
                .haveNameNotMatching(".*\\.Worker(\\$.*)?")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.apache.kafka..")
                .check(CLASSES);
    }

    @Test
    void onlyCallSpeaksHttp() {
        noClasses()
                .that()
                .resideOutsideOfPackage(inside("call"))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.net.http..", "io.vertx..", "io.netty..")
                .check(CLASSES);
    }

    @Test
    void onlyObserveKnowsHowMetricsAreKept() {
        noClasses()
                .that()
                .resideOutsideOfPackage(inside("observe"))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.micrometer..", "io.prometheus..")
                .check(CLASSES);
    }

    @ParameterizedTest
    @FieldSource("STAGES")
    void noStageKnowsHowTracesAreKept(String stage) {
        noClasses()
                .that()
                .resideInAPackage(inside(stage))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.opentelemetry..")
                .check(CLASSES);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching(WORKER + ".(*)..").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void packagesOfTheCommandLineHaveNoCycles() {
        slices().matching(WORKER + ".cli.(*)..").should().beFreeOfCycles().check(CLASSES);
    }
}
