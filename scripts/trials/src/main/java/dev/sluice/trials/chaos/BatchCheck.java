package dev.sluice.trials.chaos;

import dev.sluice.trials.chaos.check.Violation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The rules for a batch, whatever was struck: it is completed, each line has its own answer, once, and another door
 * goes on soon where the one that runs it was struck.
 */
final class BatchCheck {
    private static final int MAX_VIOLATIONS = 20;
    private static final Duration TAKE_OVER_BOUND = Duration.ofSeconds(30);

    private final List<Violation> violations = new ArrayList<>();

    private BatchCheck() {}

    /** Returns the first violations. */
    static List<Violation> of(BatchTrial.Outcome outcome, int lines) {
        BatchCheck check = new BatchCheck();
        JsonNode batch = outcome.batch();
        String id = batch.get("id").asString();
        if (!batch.get("status").asString().equals("completed")) {
            check.add("not completed", id, batch.toString());
        }
        int[] answers = new int[lines + 1];
        for (String line : outcome.output()) {
            check.answer(line, answers);
        }
        for (String line : outcome.errors()) {
            check.add("failed", id, line);
        }
        for (int line = 1; line <= lines; line++) {
            if (answers[line] != 1) {
                check.add(answers[line] == 0 ? "lost" : "doubled", "line " + line, answers[line] + " answers");
            }
        }
        JsonNode counts = batch.get("request_counts");
        if (counts.get("completed").asInt() != outcome.output().size()
                || counts.get("failed").asInt() != outcome.errors().size()
                || counts.get("total").asInt() != lines) {
            check.add("wrong counts", id, counts.toString());
        }
        for (Duration takeOver : outcome.takeOvers()) {
            if (takeOver.compareTo(TAKE_OVER_BOUND) > 0) {
                check.add("slow take-over", id, "the next answer came after " + takeOver.toMillis() + " ms");
            }
        }
        return check.violations;
    }

    private void answer(String text, int[] answers) {
        try {
            JsonNode line = JsonMapper.shared().readTree(text);
            int number = Integer.parseInt(line.get("custom_id").asString().replace("line-", ""));
            answers[number]++;
            String said = line.at("/response/body/choices/0/message/content").asString("");
            if (!said.equals("You said: " + BatchTrial.text(number))) {
                add("wrong answer", "line " + number, text);
            }
        } catch (JacksonException | IllegalArgumentException | IndexOutOfBoundsException e) {
            add("torn", "output", text);
        }
    }

    private void add(String rule, String subject, String details) {
        if (violations.size() < MAX_VIOLATIONS) {
            violations.add(new Violation(rule, subject, details));
        }
    }
}
