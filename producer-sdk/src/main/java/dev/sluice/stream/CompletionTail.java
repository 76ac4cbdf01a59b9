package dev.sluice.stream;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.MissingNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The chunks that are still to be shown of a completion: its texts and tool calls as far as they were not shown, and
 * the finish reason of each choice. Where nothing was shown, they are the whole stream. Each chunk has one choice, and
 * none has usage.
 *
 * <p>Chunks are made when they are asked for, so a slow reader holds the completion once and not twice. The iterator is
 * not thread-safe.
 */
final class CompletionTail implements Iterator<ObjectNode> {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    /** The fields of a message that are texts and come in pieces. */
    static final List<String> TEXTS = List.of("reasoning", "reasoning_content", "content", "refusal");

    /** Makes the delta of a piece of a text. */
    @FunctionalInterface
    private interface DeltaForm {
        ObjectNode delta(String piece, boolean isFirst);
    }

    /**
     * A text that is to be shown in one chunk or more.
     *
     * @param finish the choice's finish reason, or null if this does not end it
     * @param logprobs what the last chunk has of them, or null
     */
    private record Part(
            int choice,
            String text,
            DeltaForm form,
            @Nullable String finish,
            @Nullable JsonNode logprobs) {}

    /** The kinds of tool calls, by where the text is that comes in pieces. */
    private enum ToolText {
        FUNCTION("function", "arguments"),
        CUSTOM("custom", "input");

        private final String object;
        private final String text;

        ToolText(String object, String text) {
            this.object = object;
            this.text = text;
        }
    }

    /** Says that the completion does not begin with what was shown. It never leaves this class. */
    private static final class ContradictionException extends Exception {
        @Override
        public synchronized Throwable fillInStackTrace() {
            return this;
        }
    }

    private final ChunkFrame frame;
    private final int maxPiece;
    private final boolean isCommitted;
    private final List<Part> parts = new ArrayList<>();
    private int at;
    private int from;

    private CompletionTail(JsonNode whole, JsonNode shown, ChunkFrame frame, int maxPiece, boolean isCommitted)
            throws ContradictionException {
        this.frame = frame;
        this.maxPiece = maxPiece;
        this.isCommitted = isCommitted;
        JsonNode choices = whole.path("choices");
        for (JsonNode before : shown.path("choices").values()) {
            require(!choice(choices, index(before)).isMissingNode());
        }
        for (JsonNode choice : choices.values()) {
            add(choice, choice(shown.path("choices"), index(choice)));
        }
    }

    /**
     * Returns the missing chunks. It is empty if the completion does not begin with what was shown.
     *
     * @param whole a completion
     * @param shown the completion that the chunks shown so far amount to; a missing node if there were none
     * @param frame what all chunks have
     * @param maxPiece the longest text in one chunk, in characters, at least 2
     */
    static Optional<CompletionTail> of(JsonNode whole, JsonNode shown, ChunkFrame frame, int maxPiece) {
        try {
            return Optional.of(new CompletionTail(whole, shown, frame, maxPiece, true));
        } catch (ContradictionException e) {
            return Optional.empty();
        }
    }

    /** Returns the chunks that show an answer as far as it is known, and the finish reasons that it has. */
    static CompletionTail again(JsonNode soFar, ChunkFrame frame, int maxPiece) {
        try {
            return new CompletionTail(soFar, MissingNode.getInstance(), frame, maxPiece, false);
        } catch (ContradictionException e) {
            throw new IllegalStateException("nothing was shown, so nothing can contradict it", e);
        }
    }

    private static void require(boolean agrees) throws ContradictionException {
        if (!agrees) {
            throw new ContradictionException();
        }
    }

    private static int index(JsonNode choice) {
        return choice.path("index").asInt(0);
    }

    private static JsonNode choice(JsonNode choices, int index) {
        for (JsonNode choice : choices.values()) {
            if (index(choice) == index) {
                return choice;
            }
        }
        return choices.path("none");
    }

    private void add(JsonNode choice, JsonNode shown) throws ContradictionException {
        int index = index(choice);
        JsonNode message = choice.path("message");
        JsonNode said = shown.path("message");
        if (shown.isMissingNode()) {
            String role = message.path("role").asString("assistant");
            add(
                    index,
                    "",
                    (piece, isFirst) -> NODES.objectNode().put("role", role).put("content", ""));
        }
        for (String field : TEXTS) {
            if (message.path(field).isArray()) {
                addParts(index, field, message.path(field), said.path(field));
                continue;
            }
            String rest = rest(message.path(field), said.path(field));
            if (!rest.isEmpty()) {
                add(index, rest, (piece, isFirst) -> NODES.objectNode().put(field, piece));
            }
        }
        addFunctionCall(index, message.path("function_call"), said.path("function_call"));
        addToolCalls(index, message.path("tool_calls"), said.path("tool_calls"));
        JsonNode logprobs = LogprobsTail.of(choice.path("logprobs"), shown.path("logprobs"))
                .orElseThrow(ContradictionException::new);
        addEnd(index, finishReason(choice), logprobs.isEmpty() ? null : logprobs);
    }

    private void addEnd(int choice, @Nullable String finish, @Nullable JsonNode logprobs) {
        if (finish != null || logprobs != null) {
            parts.add(new Part(choice, "", (piece, isFirst) -> NODES.objectNode(), finish, logprobs));
        }
    }

    /** Adds a content that is a list of parts. What was shown of one is whole parts, or nothing. */
    private void addParts(int choice, String field, JsonNode all, JsonNode shown) throws ContradictionException {
        require(shown.isArray() || shown.stringValue("").isEmpty());
        ArrayNode left = NODES.arrayNode();
        for (int i = 0; i < all.size(); i++) {
            if (i >= shown.size()) {
                left.add(all.get(i));
            } else {
                require(all.get(i).equals(shown.get(i)));
            }
        }
        if (!left.isEmpty()) {
            add(choice, "", (piece, isFirst) -> NODES.objectNode().set(field, left));
        }
    }

    private void add(int choice, String text, DeltaForm form) {
        parts.add(new Part(choice, text, form, null, null));
    }

    /** Returns the finish reason. Clients take a stream without one for one that was cut. */
    private @Nullable String finishReason(JsonNode choice) {
        String reason = choice.path("finish_reason").asString("");
        return !reason.isEmpty() ? reason : isCommitted ? "stop" : null;
    }

    private static String rest(JsonNode whole, JsonNode shown) throws ContradictionException {
        String text = whole.stringValue("");
        String before = shown.stringValue("");
        require(text.startsWith(before));
        return text.substring(before.length());
    }

    private void addFunctionCall(int choice, JsonNode call, JsonNode shown) throws ContradictionException {
        if (!call.isObject()) {
            require(!shown.isObject());
            return;
        }
        boolean isNew = !shown.isObject();
        String rest = rest(call.path("arguments"), shown.path("arguments"));
        if (isNew || !rest.isEmpty()) {
            add(choice, rest, (piece, isFirst) -> {
                ObjectNode delta = NODES.objectNode();
                ObjectNode function = delta.putObject("function_call");
                if (isNew && isFirst && call.has("name")) {
                    function.set("name", call.get("name"));
                }
                function.put("arguments", piece);
                return delta;
            });
        }
    }

    private void addToolCalls(int choice, JsonNode calls, JsonNode shown) throws ContradictionException {
        require(shown.size() <= calls.size());
        for (int i = 0; i < calls.size(); i++) {
            addToolCall(choice, calls.get(i), shown.path(i), i);
        }
    }

    private void addToolCall(int choice, JsonNode call, JsonNode shown, int index) throws ContradictionException {
        boolean isNew = shown.isMissingNode();
        ToolText kind = call.path("custom").isObject() ? ToolText.CUSTOM : ToolText.FUNCTION;
        JsonNode now = call.path(kind.object);
        JsonNode before = shown.path(kind.object);
        require(agree(call.path("id"), shown.path("id")) && agree(now.path("name"), before.path("name")));
        String rest = rest(now.path(kind.text), before.path(kind.text));
        if (isNew || !rest.isEmpty()) {
            add(choice, rest, (piece, isFirst) -> toolCallDelta(call, index, kind, piece, isNew && isFirst));
        }
    }

    /** Compares an id or a name. They come in one chunk of a call as a rule, so the shown part may lack them. */
    private static boolean agree(JsonNode whole, JsonNode shown) {
        return !shown.isString() || shown.equals(whole);
    }

    private static ObjectNode toolCallDelta(JsonNode call, int index, ToolText kind, String text, boolean isFirst) {
        ObjectNode delta = NODES.objectNode();
        ObjectNode shown = delta.putArray("tool_calls").addObject();
        shown.put("index", index);
        if (isFirst) {
            call.properties().stream()
                    .filter(field -> !field.getKey().equals("index"))
                    .forEach(field -> shown.set(field.getKey(), field.getValue()));
        }
        if (call.path(kind.object) instanceof ObjectNode whole) {
            ObjectNode part = isFirst ? whole.deepCopy() : NODES.objectNode();
            if (whole.path(kind.text).isString()) {
                part.put(kind.text, text);
            }
            shown.set(kind.object, part);
        }
        return delta;
    }

    @Override
    public boolean hasNext() {
        return at < parts.size();
    }

    @Override
    public ObjectNode next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        Part part = parts.get(at);
        int end = pieceEnd(part.text());
        ObjectNode chunk =
                frame.chunk(part.choice(), part.form().delta(part.text().substring(from, end), from == 0));
        ObjectNode choice = (ObjectNode) chunk.get("choices").get(0);
        choice.put("finish_reason", part.finish());
        if (part.logprobs() != null) {
            choice.set("logprobs", part.logprobs());
        }
        boolean isLast = end == part.text().length();
        at += isLast ? 1 : 0;
        from = isLast ? 0 : end;
        return chunk;
    }

    /** Cuts between code points, since half a surrogate pair is no text. */
    private int pieceEnd(String text) {
        int end = Math.min(text.length(), from + maxPiece);
        return end < text.length() && Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end;
    }
}
