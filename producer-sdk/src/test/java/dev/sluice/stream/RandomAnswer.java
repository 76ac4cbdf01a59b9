package dev.sluice.stream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.StreamPiece;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** A random answer of one to three choices, as the chunks that an API would cut it into. */
final class RandomAnswer {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final String[] WORDS = {
        "a", " ", "word", "\n", "\u00fc", "e\u0301", "\ud83d\ude00", "\ud83d\udc68\u200d\ud83d\udc69", "\"", "\\"
    };

    private final String id;
    private final List<byte[]> chunks = new ArrayList<>();
    private final CompletionAssembly assembly;

    RandomAnswer(Random random) {
        id = "answer-" + random.nextInt(1_000_000);
        int count = 1 + random.nextInt(3);
        assembly = new CompletionAssembly(count, Integer.MAX_VALUE);
        List<List<ObjectNode>> choices = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            choices.add(choice(random));
        }
        while (choices.stream().anyMatch(left -> !left.isEmpty())) {
            int index = random.nextInt(count);
            if (!choices.get(index).isEmpty()) {
                add(index, choices.get(index).remove(0), random);
            }
        }
        if (random.nextBoolean()) {
            ObjectNode usage = chunk();
            usage.putArray("choices");
            usage.putObject("usage").put("total_tokens", random.nextInt(100));
            add(usage);
        }
    }

    private void add(int index, ObjectNode choice, Random random) {
        ObjectNode chunk = chunk();
        choice.put("index", index);
        chunk.putArray("choices").add(choice);
        if (random.nextBoolean()) {
            chunk.putNull("usage");
        }
        add(chunk);
    }

    private void add(ObjectNode chunk) {
        byte[] bytes = ChunkJson.bytes(chunk);
        chunks.add(bytes);
        assertThat(assembly.add(bytes)).isEqualTo(CompletionAssembly.Added.TAKEN);
    }

    private ObjectNode chunk() {
        ObjectNode chunk = NODES.objectNode();
        chunk.put("id", id)
                .put("object", "chat.completion.chunk")
                .put("created", 7)
                .put("model", "m");
        return chunk;
    }

    /** Returns the choices of one index in their order, without that index. */
    private static List<ObjectNode> choice(Random random) {
        List<ObjectNode> parts = new ArrayList<>();
        boolean hasRoleEverywhere = random.nextBoolean();
        if (random.nextInt(4) > 0) {
            parts.add(delta(NODES.objectNode().put("role", "assistant").put("content", "")));
        }
        if (random.nextInt(3) == 0) {
            texts(random, random.nextBoolean() ? "reasoning" : "reasoning_content", parts);
        }
        if (random.nextInt(10) == 0) {
            texts(random, "refusal", parts);
        } else if (random.nextInt(3) > 0) {
            texts(random, "content", parts);
        }
        int calls = random.nextInt(3) == 0 ? 1 + random.nextInt(3) : 0;
        boolean areAllNumberedZero = random.nextInt(4) == 0;
        for (int i = 0; i < calls; i++) {
            toolCall(random, i, areAllNumberedZero ? 0 : i, parts);
        }
        if (hasRoleEverywhere) {
            parts.forEach(part -> ((ObjectNode) part.get("delta")).put("role", "assistant"));
        }
        ObjectNode last =
                random.nextBoolean() || parts.isEmpty() ? delta(NODES.objectNode()) : parts.remove(parts.size() - 1);
        parts.add(last.put("finish_reason", calls > 0 ? "tool_calls" : "stop"));
        return parts;
    }

    private static ObjectNode delta(ObjectNode delta) {
        ObjectNode choice = NODES.objectNode();
        choice.set("delta", delta);
        return choice.putNull("finish_reason");
    }

    private static void texts(Random random, String field, List<ObjectNode> parts) {
        boolean hasLogprobs = random.nextInt(4) == 0;
        for (String piece : cut(text(random, 60), random)) {
            ObjectNode choice = delta(NODES.objectNode().put(field, piece));
            if (hasLogprobs) {
                choice.putObject("logprobs").putArray("content").addObject().put("logprob", -random.nextDouble());
            }
            parts.add(choice);
        }
    }

    private static void toolCall(Random random, int number, int index, List<ObjectNode> parts) {
        boolean isFirst = true;
        for (String piece : cut("{\"a\":\"" + text(random, 20).replace("\\", "").replace("\"", "") + "\"}", random)) {
            ObjectNode delta = NODES.objectNode();
            ObjectNode call = delta.putArray("tool_calls").addObject().put("index", index);
            if (isFirst) {
                call.put("id", "call-" + number).put("type", "function");
            }
            ObjectNode function = call.putObject("function");
            if (isFirst) {
                function.put("name", "f" + number);
            }
            function.put("arguments", piece);
            parts.add(delta(delta));
            isFirst = false;
        }
    }

    private static String text(Random random, int max) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(max); i > 0; i--) {
            text.append(WORDS[random.nextInt(WORDS.length)]);
        }
        return text.toString();
    }

    /** Cuts anywhere, also within a surrogate pair, and sometimes into nothing. */
    private static List<String> cut(String text, Random random) {
        List<String> pieces = new ArrayList<>();
        int begin = 0;
        while (begin < text.length()) {
            int end = Math.min(text.length(), begin + random.nextInt(6));
            pieces.add(text.substring(begin, end));
            begin = end;
        }
        return pieces;
    }

    /** Returns the chunks in pieces of several. */
    List<StreamPiece> pieces(Random random, String call) {
        List<StreamPiece> pieces = new ArrayList<>();
        int begin = 0;
        while (begin < chunks.size()) {
            int end = Math.min(chunks.size(), begin + 1 + random.nextInt(4));
            pieces.add(StreamPiece.of("c".getBytes(UTF_8), call, begin, chunks.subList(begin, end)));
            begin = end;
        }
        return pieces;
    }

    /** Returns the body of the reply, which a worker puts together. */
    byte[] reply() {
        return assembly.completion();
    }

    /** Returns the choices of the reply. */
    JsonNode whole() {
        return ChunkJson.MAPPER.readTree(reply()).get("choices");
    }
}
