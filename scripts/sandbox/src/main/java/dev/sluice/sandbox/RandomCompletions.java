package dev.sluice.sandbox;

import java.util.List;
import java.util.random.RandomGenerator;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Makes completions of every kind that the API knows: several choices, tool calls, reasoning, refusals, logprobs in
 * both forms, emoji and combining characters. They are for tests whose outcome must not depend on what is said. Not
 * thread-safe.
 */
public final class RandomCompletions {
    private static final JsonMapper JSON = JsonMapper.shared();

    private static final List<String> WORDS = List.of(
            "word ",
            "é",
            "e\u0301",
            "😀",
            "👩‍👩‍👧‍👦",
            "🇩🇪",
            "\n",
            "\"",
            "\\",
            "\u0000",
            "\u2028",
            "\uFEFF",
            "data: ",
            "[DONE]",
            " ",
            "漢字",
            "\r\n",
            "{\"a\":",
            "\uD834\uDD1E",
            "日本語のテキスト",
            "</s>",
            "x".repeat(40));
    private static final List<String> FINISHES = List.of("stop", "length", "eos", "content_filter");

    private final RandomGenerator random;

    public RandomCompletions(RandomGenerator random) {
        this.random = random;
    }

    /** Returns the next completion. */
    public ObjectNode next() {
        ObjectNode root = JSON.createObjectNode();
        root.put("id", "n" + random.nextInt(1 << 20)).put("object", "chat.completion");
        root.put("created", 1_790_000_000L + random.nextInt(1 << 20)).put("model", "vendor/model");
        if (random.nextBoolean()) {
            root.put("system_fingerprint", "fp_" + random.nextInt(100)).putArray("warnings");
        }
        ArrayNode choices = root.putArray("choices");
        int count = random.nextInt(4) == 0 ? 3 : 1;
        for (int index = 0; index < count; index++) {
            choice(choices.addObject().put("index", index));
        }
        if (random.nextInt(4) > 0) {
            root.putObject("usage")
                    .put("prompt_tokens", 7)
                    .put("completion_tokens", random.nextInt(1000))
                    .put("total_tokens", 1007);
        }
        return root;
    }

    private void choice(ObjectNode choice) {
        ObjectNode message = choice.putObject("message").put("role", "assistant");
        boolean calls = random.nextInt(4) == 0;
        if (calls) {
            message.putNull("content");
            calls(message);
        } else {
            message.put("content", text());
        }
        for (String field : List.of("reasoning", "reasoning_content", "refusal")) {
            if (random.nextInt(6) == 0) {
                message.put(field, text());
            }
        }
        choice.put("finish_reason", calls ? "tool_calls" : FINISHES.get(random.nextInt(FINISHES.size())));
        choice.put("seed", random.nextLong());
        logprobs(choice);
    }

    private void calls(ObjectNode message) {
        if (random.nextInt(4) == 0) {
            message.putObject("function_call").put("name", "f").put("arguments", text());
            return;
        }
        ArrayNode calls = message.putArray("tool_calls");
        for (int i = random.nextInt(3); i >= 0; i--) {
            ObjectNode call = calls.addObject().put("id", "call_" + i).put("type", "function");
            call.putObject("function").put("name", "f" + i).put("arguments", text());
        }
    }

    private void logprobs(ObjectNode choice) {
        int kind = random.nextInt(6);
        if (kind == 0) {
            choice.putNull("logprobs");
        } else if (kind == 1) {
            ArrayNode content = choice.putObject("logprobs").putArray("content");
            for (int i = random.nextInt(9); i >= 0; i--) {
                content.addObject()
                        .put("token", word())
                        .put("logprob", -random.nextDouble())
                        .putArray("top_logprobs");
            }
        } else if (kind == 2) {
            ObjectNode logprobs = choice.putObject("logprobs");
            ArrayNode tokens = logprobs.putArray("tokens");
            ArrayNode values = logprobs.putArray("token_logprobs");
            for (int i = random.nextInt(9); i >= 0; i--) {
                tokens.add(word());
                values.add(-random.nextDouble());
            }
        }
    }

    private String text() {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(12); i > 0; i--) {
            text.append(word());
        }
        return text.toString();
    }

    private String word() {
        return WORDS.get(random.nextInt(WORDS.size()));
    }
}
