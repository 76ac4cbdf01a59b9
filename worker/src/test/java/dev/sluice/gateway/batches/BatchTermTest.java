package dev.sluice.gateway.batches;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.files.BatchError;
import dev.sluice.gateway.files.BatchStatus;
import dev.sluice.gateway.files.BatchStore;
import dev.sluice.gateway.files.BatchUsage;
import dev.sluice.gateway.files.FileRequestException;
import dev.sluice.gateway.files.FilesAwayException;
import dev.sluice.gateway.files.StoredBatch;
import dev.sluice.wire.Reason;
import dev.sluice.worker.batch.BatchLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class BatchTermTest {
    @TempDir
    private Path root;

    private TestBatches batches;

    @BeforeEach
    void open() throws IOException {
        batches = new TestBatches(root);
    }

    @Test
    void eachLineHasItsResultInTheFormOfTheApi() throws Exception {
        String id = batches.create(TestBatches.lines(4));
        TestBatches.Door door = batches.chosen();

        door.steps(3);
        assertThat(batches.status(id)).isEqualTo(BatchStatus.IN_PROGRESS);
        assertThat(batches.topic.published).containsExactly(id + "-1", id + "-2", id + "-3", id + "-4");
        batches.topic.ok(id + "-3");
        batches.topic.failed(id + "-1", 400, Reason.REJECTED);
        door.steps(2);
        assertThat(batches.batch(id).counts()).isEqualTo(TestBatches.counts(4, 1, 1));
        batches.topic.ok(id + "-2");
        batches.topic.failed(id + "-4", 0, Reason.ATTEMPTS_EXHAUSTED);
        door.steps(3);

        StoredBatch batch = batches.batch(id);
        assertThat(batch.status()).isEqualTo(BatchStatus.COMPLETED);
        assertThat(batch.counts()).isEqualTo(TestBatches.counts(4, 2, 2));
        Map<String, JsonNode> output = batches.results(batch.outputFileId());
        Map<String, JsonNode> errors = batches.results(batch.errorFileId());
        assertThat(output).containsOnlyKeys("c2", "c3");
        String hex = id.substring("batch_".length());
        assertThat(output.get("c2"))
                .hasToString("{\"id\":\"batch_req_" + hex
                        + "-2\",\"custom_id\":\"c2\",\"response\":{\"status_code\":200,"
                        + "\"request_id\":\"" + id + "-2\",\"body\":{\"choices\":[{\"index\":0,\"message\":{\"role\":"
                        + "\"assistant\",\"content\":\"re " + id + "-2\"}}]}},\"error\":null}");
        assertThat(errors).containsOnlyKeys("c1", "c4");
        assertThat(errors.get("c1").at("/response/status_code").asInt()).isEqualTo(400);
        assertThat(errors.get("c1").at("/response/body/error/message").asString())
                .isEqualTo("no");
        assertThat(errors.get("c1").get("error").isNull()).isTrue();
        assertThat(errors.get("c4").get("response").isNull()).isTrue();
        assertThat(errors.get("c4").at("/error/code").asString()).isEqualTo("attempts_exhausted");
    }

    /** Both kinds of them: those that the API has rejected, and those that it has not answered. */
    @Test
    void failedLinesAreTheInputOfAnotherBatch() throws Exception {
        String id = batches.create(TestBatches.lines(4));
        batches.topic.tooLarge.add(4);
        TestBatches.Door door = batches.chosen();
        door.steps(3);
        batches.topic.ok(id + "-1");
        batches.topic.failed(id + "-2", 400, Reason.REJECTED);
        batches.topic.failed(id + "-3", 0, Reason.ATTEMPTS_EXHAUSTED);
        door.steps(4);
        batches.topic.tooLarge.clear();

        String again = batches.create(batches.content(batches.batch(id).errorFileId()));
        door.steps(4);
        for (int line = 1; line <= 3; line++) {
            batches.topic.ok(again + "-" + line);
        }
        door.steps(4);

        assertThat(batches.status(again)).isEqualTo(BatchStatus.COMPLETED);
        assertThat(batches.results(batches.batch(again).outputFileId())).containsOnlyKeys("c2", "c3", "c4");
        assertThat(batches.topic.envelopes.stream()
                        .filter(sent -> sent.envelope().batch().equals(again))
                        .flatMap(sent -> sent.lines().stream())
                        .map(BatchLine::body))
                .containsExactlyInAnyOrder(TestBatches.body("c2"), TestBatches.body("c3"), TestBatches.body("c4"));
    }

    @Test
    void tokensAreCountedOnceWhoeverRunsTheBatch() throws Exception {
        String id = batches.create(TestBatches.lines(3));
        TestBatches.Door first = batches.chosen();
        first.steps(3);
        batches.topic.ok(id + "-1", 10);
        batches.topic.failed(id + "-2", 400, Reason.REJECTED);
        first.steps(2);
        assertThat(batches.batch(id).counts().usage()).isEqualTo(new BatchUsage(10, 3, 11, 2, 21));

        TestBatches.Door second = batches.chosen();
        second.steps(3);
        batches.topic.ok(id + "-1", 10); // as after a call that a worker has repeated
        batches.topic.ok(id + "-3", 100);
        second.steps(4);

        assertThat(batches.status(id)).isEqualTo(BatchStatus.COMPLETED);
        assertThat(batches.batch(id).counts().usage()).isEqualTo(new BatchUsage(110, 6, 112, 4, 222));
    }

    @Test
    void theModelIsSaidIfAllLinesHaveTheSame() throws Exception {
        String one = batches.create(TestBatches.lines(2));
        String two = batches.create(
                TestBatches.line("a") + TestBatches.line("b").replace("\"model\":\"m\"", "\"model\":\"n\""));

        batches.chosen().steps(4);

        assertThat(batches.batch(one).json().get("model").asString()).isEqualTo("m");
        assertThat(batches.batch(two).json().has("model")).isFalse();
    }

    @Test
    void requestsSayWhoseTheyAreAndWhenTheyExpire() throws Exception {
        String id = batches.create(TestBatches.lines(1));

        batches.chosen().steps(3);

        assertThat(batches.topic.envelopes).singleElement().satisfies(sent -> {
            assertThat(sent.envelope().batch()).isEqualTo(id);
            assertThat(sent.envelope().tenant()).contains("tenant-a");
            assertThat(sent.envelope().expiresAt().getEpochSecond())
                    .isEqualTo(batches.batch(id).expiresAt());
        });
    }

    static Stream<Arguments> badFiles() {
        String first = TestBatches.line("a");
        return Stream.of(
                Arguments.of(first + "{\"custom_id\":", "invalid_json_line", 2),
                Arguments.of(TestBatches.lines(2) + "no\n" + TestBatches.line("z"), "invalid_json_line", 3),
                Arguments.of(first + first, "duplicate_custom_id", 2),
                Arguments.of(first.replace("/v1/chat/completions", "/v1/embeddings"), "url_mismatch", 1),
                Arguments.of("{\"custom_id\":\"a\",\"body\":{}}\n", "invalid_request", 1),
                Arguments.of("", "empty_batch", 0),
                Arguments.of("\r\n\n", "empty_batch", 0),
                Arguments.of("\ufeff", "invalid_json_line", 1),
                Arguments.of(first.replace("\"m\"", "5"), "invalid_request", 1),
                Arguments.of(first.replace("\"m\"", "null"), "invalid_request", 1),
                Arguments.of(first.replace("POST", "GET"), "invalid_request", 1),
                Arguments.of(first.replace("\"a\"", "7"), "invalid_request", 1),
                Arguments.of(
                        first + first.replace("\"a\"", "\"b\"").replace("\"m\"", "\"\u0000\""), "invalid_json_line", 2),
                Arguments.of(TestBatches.lines(1_001), "too_many_tasks", 0));
    }

    @ParameterizedTest
    @MethodSource("badFiles")
    void aBadFileFailsWithLineAndCode(String lines, String code, int line) throws Exception {
        String id = batches.create(lines);

        batches.chosen().steps(3);

        StoredBatch batch = batches.batch(id);
        assertThat(batch.status()).isEqualTo(BatchStatus.FAILED);
        BatchError error = batch.errors().get(0);
        assertThat(error.code()).isEqualTo(code);
        assertThat(error.line()).isEqualTo(line);
        assertThat(error.message()).isNotBlank();
        assertThat(batches.topic.published).isEmpty();
        assertThat(batches.store.open()).isEmpty();
    }

    /** The file has 100,000 lines, of which a door may take so many. */
    @Test
    void eachBadLineOfALargeFileIsNamed() throws Exception {
        String[] lines = TestBatches.lines(100_000).split("(?<=\n)");
        lines[69_999] = "{\"custom_id\":\"c70000\",\"body\":{\"model\":\n";
        lines[99_998] = TestBatches.line("c5");
        String id = batches.create(String.join("", lines));
        BatchLimits limits = new BatchLimits(100_000, 1_000_000, 1_000, Duration.ofMinutes(10), Duration.ofMinutes(1));
        TestBatches.Door door = batches.new Door(limits);
        door.connection.choose();

        door.steps(3);

        assertThat(batches.status(id)).isEqualTo(BatchStatus.FAILED);
        assertThat(batches.topic.published).isEmpty();
        JsonNode errors = batches.batch(id).json().at("/errors/data");
        assertThat(errors).hasSize(2);
        assertThat(errors.get(0).get("line").asInt()).isEqualTo(70_000);
        assertThat(errors.get(0).get("code").asString()).isEqualTo("invalid_json_line");
        assertThat(errors.get(0).get("message").asString())
                .startsWith("is no JSON: ")
                .endsWith("; write {\"custom_id\":\"…\",\"body\":{…}} on one line");
        assertThat(errors.get(1).get("line").asInt()).isEqualTo(99_999);
        assertThat(errors.get(1).get("code").asString()).isEqualTo("duplicate_custom_id");
        assertThat(errors.get(1).get("message").asString())
                .isEqualTo("custom_id \"c5\" is that of line 5 too; make it unique");
    }

    @Test
    void filesOfOtherSystemsAreTaken() throws Exception {
        String bom = "\ufeff";
        String lines = bom
                + TestBatches.lines(2).replace("\n", "\r\n")
                + TestBatches.line("last").stripTrailing();
        String id = batches.create(lines);

        batches.chosen().steps(3);

        assertThat(batches.batch(id).errors()).isEmpty();
        assertThat(batches.topic.published).hasSize(3);
    }

    @Test
    void aWindowIsOnTheQueueAtATime() throws Exception {
        String id = batches.create(TestBatches.lines(900));
        TestBatches.Door door = batches.new Door(TestBatches.limits(400));
        door.connection.choose();

        door.steps(10);
        assertThat(batches.topic.published).hasSize(400);
        for (int line = 1; line <= 300; line++) {
            batches.topic.ok(id + "-" + line);
        }
        door.steps(10);

        assertThat(batches.topic.published).hasSize(600).doesNotHaveDuplicates();
    }

    @Test
    void aDeletedInputIsStillRead() throws Exception {
        String file = batches.upload(TestBatches.lines(2).getBytes(UTF_8));
        String id = batches.create(file, 86_400);
        assertThat(batches.files.delete(TestBatches.OWNER, file)).isTrue();

        batches.chosen().steps(3);

        assertThat(batches.topic.published).containsExactly(id + "-1", id + "-2");
        assertThat(batches.files.find(TestBatches.OWNER, file)).isEmpty();
    }

    @Test
    void aLineThatKafkaDoesNotTakeIsTheOnlyOneThatFails() throws Exception {
        String id = batches.create(TestBatches.lines(3));
        batches.topic.tooLarge.add(2);
        TestBatches.Door door = batches.chosen();
        door.steps(3);
        batches.topic.ok(id + "-1");
        batches.topic.ok(id + "-3");
        door.steps(4);

        StoredBatch batch = batches.batch(id);
        assertThat(batch.status()).isEqualTo(BatchStatus.COMPLETED);
        assertThat(batches.results(batch.errorFileId())
                        .get("c2")
                        .at("/error/code")
                        .asString())
                .isEqualTo("too_large");
        assertThat(batches.results(batch.outputFileId())).hasSize(2);
    }

    @Test
    void aCancelledBatchKeepsWhatItHas() throws Exception {
        String id = batches.create(TestBatches.lines(300));
        TestBatches.Door door = batches.new Door(TestBatches.limits(200));
        door.connection.choose();
        door.steps(3);
        batches.topic.ok(id + "-1");
        batches.topic.failed(id + "-2", 0, Reason.CANCELLED);

        assertThat(batches.store.cancel(TestBatches.OWNER, id).orElseThrow().status())
                .isEqualTo(BatchStatus.CANCELLING);
        door.steps(3);
        assertThat(batches.topic.cancelled).containsExactly(id);
        assertThat(batches.status(id)).isEqualTo(BatchStatus.CANCELLING);
        for (int line = 3; line <= 200; line++) {
            batches.topic.failed(id + "-" + line, 0, Reason.CANCELLED);
        }
        door.steps(4);

        StoredBatch batch = batches.batch(id);
        assertThat(batch.status()).isEqualTo(BatchStatus.CANCELLED);
        assertThat(batch.counts()).isEqualTo(TestBatches.counts(300, 1, 299));
        assertThat(batches.results(batch.outputFileId())).containsOnlyKeys("c1");
        assertThat(batches.results(batch.errorFileId()))
                .hasSize(299)
                .allSatisfy((line, error) ->
                        assertThat(error.at("/error/code").asString()).isEqualTo("batch_cancelled"));
        assertThat(batches.topic.published).hasSize(200);
        assertThatThrownBy(() -> batches.store.cancel(TestBatches.OWNER, id))
                .isInstanceOf(FileRequestException.class)
                .hasMessageContaining("is cancelled");
    }

    @Test
    void aBatchThatNobodyHasTakenUpIsCancelledAtOnce() throws Exception {
        String id = batches.create(TestBatches.lines(2));
        batches.store.cancel(TestBatches.OWNER, id);

        batches.chosen().steps(2);

        assertThat(batches.status(id)).isEqualTo(BatchStatus.CANCELLED);
        assertThat(batches.topic.published).isEmpty();
    }

    @Test
    void aBatchExpiresWithWhatItHas() throws Exception {
        String id = batches.create(batches.upload(TestBatches.lines(3).getBytes(UTF_8)), 3_600);
        TestBatches.Door door = batches.chosen();
        door.steps(3);
        batches.topic.ok(id + "-1");
        batches.topic.failed(id + "-2", 0, Reason.EXPIRED);
        door.steps(2);

        batches.clock.pass(Duration.ofHours(1));
        door.steps(40); // one reply is awaited
        assertThat(batches.status(id)).isEqualTo(BatchStatus.IN_PROGRESS);
        batches.clock.pass(Duration.ofMinutes(10));
        door.steps(3);

        StoredBatch batch = batches.batch(id);
        assertThat(batch.status()).isEqualTo(BatchStatus.EXPIRED);
        assertThat(batch.counts()).isEqualTo(TestBatches.counts(3, 1, 2));
        assertThat(batches.results(batch.outputFileId())).containsOnlyKeys("c1");
        assertThat(batches.results(batch.errorFileId()))
                .hasSize(2)
                .allSatisfy((line, error) ->
                        assertThat(error.at("/error/code").asString()).isEqualTo("batch_expired"));
    }

    @Test
    void aBatchHasExpiredThoughItsLastLinesHaveSaidSoThemselves() throws Exception {
        String id = batches.create(batches.upload(TestBatches.lines(3).getBytes(UTF_8)), 3_600);
        TestBatches.Door door = batches.chosen();
        door.steps(3);
        batches.topic.ok(id + "-1");
        batches.clock.pass(Duration.ofHours(1));
        batches.topic.failed(id + "-2", 0, Reason.EXPIRED);
        batches.topic.failed(id + "-3", 0, Reason.EXPIRED);

        door.steps(40);

        StoredBatch batch = batches.batch(id);
        assertThat(batch.status()).isEqualTo(BatchStatus.EXPIRED);
        assertThat(batch.counts()).isEqualTo(TestBatches.counts(3, 1, 2));
        assertThat(batches.results(batch.errorFileId())).containsOnlyKeys("c2", "c3");
    }

    /** A batch waits for longer than its time where the doors have no room for it in memory, or none runs. */
    @Test
    void aBatchThatExpiresBeforeItsTurnSaysSoOfEachLine() throws Exception {
        String id = batches.create(batches.upload(TestBatches.lines(3).getBytes(UTF_8)), 3_600);
        batches.clock.pass(Duration.ofHours(2));

        batches.chosen().steps(40);

        StoredBatch batch = batches.batch(id);
        assertThat(batch.status()).isEqualTo(BatchStatus.EXPIRED);
        assertThat(batch.counts()).isEqualTo(TestBatches.counts(3, 0, 3));
        assertThat(batch.outputFileId()).isEmpty();
        assertThat(batches.results(batch.errorFileId()))
                .hasSize(3)
                .allSatisfy((line, error) ->
                        assertThat(error.at("/error/code").asString()).isEqualTo("batch_expired"));
        assertThat(batches.topic.published).isEmpty();
    }

    @Test
    void aClockThatJumpsAndComesBackExpiresNothing() throws Exception {
        String id = batches.create(TestBatches.lines(2));
        TestBatches.Door door = batches.chosen();
        door.steps(3);
        batches.clock.now = batches.clock.now.plus(Duration.ofDays(400));
        door.steps(20);
        batches.clock.now = batches.clock.now.minus(Duration.ofDays(800));
        door.steps(20);
        batches.clock.now = batches.clock.now.plus(Duration.ofDays(400));

        batches.topic.ok(id + "-1");
        batches.topic.ok(id + "-2");
        door.steps(3);

        assertThat(batches.status(id)).isEqualTo(BatchStatus.COMPLETED);
    }

    @Test
    void aBatchWithoutItsAnswersFailsAndStopsNoOther() throws Exception {
        String damaged = oneAnswered();
        Path segment = segment(damaged);
        Files.writeString(segment, "no answer\n");
        String whole = batches.create(TestBatches.lines(2));

        batches.chosen().steps(3);

        assertThat(batches.topic.published).contains(whole + "-1", whole + "-2");
        assertDamaged(damaged);
        assertThat(batches.store.open()).extracting(BatchStore.OpenBatch::id).containsExactly(whole);
        assertThat(segment).content().isEqualTo("no answer\n");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aBatchThatHasLostItsFileOfAnswersFails(boolean isNamed) throws Exception {
        String damaged = oneAnswered();
        Path segment = segment(damaged);
        if (isNamed) {
            batches.chosen().steps(3); // and its state says how long the file of the first door is
        }
        Files.delete(segment);

        batches.chosen().steps(3);

        assertDamaged(damaged);
    }

    /** A power failure may leave bytes of which no door has told Kafka. */
    @Test
    void spoiltBytesBehindTheSavedAnswersDoNotCount() throws Exception {
        String id = oneAnswered();
        Files.write(segment(id), new byte[] {0, 0, 0, '\n', 0}, StandardOpenOption.APPEND);

        TestBatches.Door next = batches.chosen();
        next.steps(3);
        batches.topic.ok(id + "-2");
        next.steps(3);

        assertThat(batches.status(id)).isEqualTo(BatchStatus.COMPLETED);
        assertThat(batches.results(batches.batch(id).outputFileId())).containsOnlyKeys("c1", "c2");
    }

    /** Creates a batch of two lines, of which the first has its answer. */
    private String oneAnswered() throws IOException {
        String id = batches.create(TestBatches.lines(2));
        TestBatches.Door first = batches.chosen();
        first.steps(3);
        batches.topic.ok(id + "-1");
        first.steps(2);
        return id;
    }

    private void assertDamaged(String id) throws IOException {
        assertThat(batches.status(id)).isEqualTo(BatchStatus.FAILED);
        assertThat(batches.batch(id).errors()).containsExactly(BatchError.DAMAGED);
        assertThat(batches.batch(id).outputFileId()).isEmpty();
    }

    @Test
    void aBatchWhoseStateIsDamagedStopsAndHidesNoOther() throws Exception {
        String damaged = batches.create(TestBatches.lines(2));
        Files.write(place(damaged).resolve("1").resolve("state.json"), new byte[0]);
        String whole = batches.create(TestBatches.lines(2));

        batches.chosen().steps(3);

        assertThat(batches.topic.published).containsExactly(whole + "-1", whole + "-2");
        assertThat(batches.store.list(TestBatches.OWNER, "", 10).batches())
                .extracting(StoredBatch::id)
                .containsExactly(whole);
    }

    @Test
    void aBatchThatHasLostItsInputStopsNoOther() throws Exception {
        String damaged = batches.create(TestBatches.lines(2));
        Files.delete(place(damaged).resolve("input"));
        String whole = batches.create(TestBatches.lines(2));

        batches.chosen().steps(4);

        assertThat(batches.topic.published).containsExactly(whole + "-1", whole + "-2");
        assertDamaged(damaged);
    }

    private Path place(String id) {
        return root.resolve("owners").resolve(TestBatches.OWNER).resolve(id);
    }

    private Path segment(String id) throws IOException {
        try (Stream<Path> files = Files.list(place(id))) {
            return files.filter(each -> each.toString().endsWith(".answers"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void aDirectoryThatWentAwayLosesNothing() throws Exception {
        String id = batches.create(TestBatches.lines(2));
        TestBatches.Door door = batches.chosen();
        door.steps(3);
        Files.move(root.resolve("owners"), root.resolveSibling(root.getFileName() + "-away"));
        Files.move(root.resolve("sluice-files"), root.resolve("hidden"));
        batches.topic.ok(id + "-1");
        assertThatThrownBy(() -> door.steps(3)).isInstanceOf(FilesAwayException.class);
        Files.move(root.resolve("hidden"), root.resolve("sluice-files"));
        Files.move(root.resolveSibling(root.getFileName() + "-away"), root.resolve("owners"));

        TestBatches.Door next = batches.chosen();
        batches.topic.ok(id + "-2");
        next.steps(5);

        assertThat(batches.status(id)).isEqualTo(BatchStatus.COMPLETED);
        assertThat(batches.batch(id).counts()).isEqualTo(TestBatches.counts(2, 2, 0));
    }

    @Test
    void theFilesOfAnEndedBatchAreItsResultsAlone() throws Exception {
        String id = batches.create(TestBatches.lines(1));
        TestBatches.Door door = batches.chosen();
        door.steps(3);
        batches.topic.ok(id + "-1");
        door.steps(4);

        try (Stream<Path> left = Files.list(place(id))) {
            assertThat(left.map(each -> each.getFileName().toString())).allMatch(name -> name.matches("[0-9]+"));
        }
        assertThat(root.resolve("uploads")).isEmptyDirectory();
        assertThat(root.resolve("open")).isEmptyDirectory();
        assertThat(batches.batch(id).errorFileId()).isEmpty();
    }

    /** A key with many batches keeps nobody else waiting. */
    @Test
    void ofThoseThatWaitWhoHasTheLeastInMemoryIsNext() throws Exception {
        List<String> order = new ArrayList<>();
        for (String owner : List.of(TestBatches.OWNER, TestBatches.OWNER, "0b")) {
            order.add(batches.createFor(owner, TestBatches.lines(5)));
            // Ids of the same millisecond have no order.
            batches.clock.pass(Duration.ofMillis(1));
        }
        Collections.swap(order, 1, 2);
        TestBatches.Door door = batches.chosen();

        door.steps(6);

        assertThat(batches.topic.published).hasSize(15);
        assertThat(batches.topic.published.stream()
                        .map(id -> id.replaceFirst("-\\d+$", ""))
                        .distinct())
                .containsExactlyElementsOf(order);
    }
}
