package dev.sluice.sandbox;

import dev.sluice.sandbox.ApiFault.BodyForm;
import dev.sluice.sandbox.ApiFault.Ending;
import dev.sluice.sandbox.ApiFault.Huge;
import dev.sluice.sandbox.ApiFault.Reply;
import dev.sluice.sandbox.ApiFault.Status;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads and writes the syntax that {@link ApiFault} describes. */
final class FaultSyntax {
    private static final Set<String> KEYS = Set.of(
            "status",
            "huge",
            "latency",
            "pace",
            "error-event",
            "ends-early",
            "no-done",
            "not-streamed",
            "body",
            "type",
            "finish",
            "reset",
            "retry-after",
            "times",
            "too-long",
            "hang",
            "hang-body",
            "cut",
            "cut-body",
            "not-json",
            "no-choices",
            "empty",
            "zipped",
            "normal");

    private static final Pattern SPACES = Pattern.compile("\\s+");

    private final Map<String, String> words = new LinkedHashMap<>();

    private FaultSyntax(String text) {
        for (String word : SPACES.split(text.strip(), -1)) {
            int equals = word.indexOf('=');
            String key = equals < 0 ? word : word.substring(0, equals);
            if (!KEYS.contains(key)) {
                throw new IllegalArgumentException("unknown word '" + key + "' in fault '" + text + "'; did you mean '"
                        + NearestWord.to(key, KEYS) + "'?");
            }
            words.put(key, equals < 0 ? "" : word.substring(equals + 1));
        }
    }

    static ApiFault parse(String text) {
        try {
            return new FaultSyntax(text).fault();
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("fault '" + text + "' has a malformed number", e);
        }
    }

    private ApiFault fault() {
        ApiFault fault = new ApiFault(
                ending(),
                takeValue("latency", LatencyModel::parse),
                takeValue("pace", LatencyModel::parse),
                takeValue("finish", Function.identity()),
                takeValue("reset", FaultSyntax::seconds),
                takeValue("retry-after", FaultSyntax::seconds),
                times());
        if (!words.isEmpty()) {
            throw new IllegalArgumentException("these words of a fault don't go together with the others: " + words);
        }
        return fault;
    }

    private Ending ending() {
        boolean tooLong = words.remove("too-long") != null;
        Integer code = takeValue("status", Integer::valueOf);
        if (tooLong || code != null) {
            return new Status(code == null ? 400 : code, tooLong, bodyForm(), takeValue("type", Function.identity()));
        }
        Long huge = takeValue("huge", UnitSyntax::bytes);
        if (huge != null) {
            return new Huge(huge);
        }
        for (Reply reply : Reply.values()) {
            if (words.remove(word(reply)) != null) {
                return reply;
            }
        }
        return Reply.NORMAL;
    }

    private @Nullable BodyForm bodyForm() {
        String body = takeValue("body", Function.identity());
        for (BodyForm form : BodyForm.values()) {
            if (word(form).equals(body)) {
                return form;
            }
        }
        if (body != null) {
            throw new IllegalArgumentException("body=" + body + " must be body=html, json, problem, text or none");
        }
        return null;
    }

    private OptionalInt times() {
        Integer times = takeValue("times", Integer::valueOf);
        if (times != null && times < 1) {
            throw new IllegalArgumentException("times=" + times + " must be at least 1");
        }
        return times == null ? OptionalInt.empty() : OptionalInt.of(times);
    }

    private <T> @Nullable T takeValue(String key, Function<String, T> reader) {
        String value = words.remove(key);
        if (value != null && value.isEmpty()) {
            throw new IllegalArgumentException("'" + key + "' of a fault needs a value: " + key + "=…");
        }
        return value == null ? null : reader.apply(value);
    }

    private static double seconds(String text) {
        double seconds = Double.parseDouble(text);
        if (!(seconds >= 0 && seconds <= 1e13)) {
            throw new IllegalArgumentException("'" + text + "' is not a number of seconds");
        }
        return seconds;
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static String text(ApiFault fault) {
        List<String> text = new ArrayList<>();
        addEnding(text, fault.ending());
        addValue(text, "latency", fault.latency());
        addValue(text, "pace", fault.pace());
        addValue(text, "finish", fault.finishReason());
        addValue(text, "reset", fault.reset());
        addValue(text, "retry-after", fault.retryAfter());
        fault.times().ifPresent(times -> addValue(text, "times", times));
        return text.isEmpty() ? word(Reply.NORMAL) : String.join(" ", text);
    }

    private static void addEnding(List<String> text, Ending ending) {
        if (ending instanceof Status status) {
            addValue(text, "status", status.code());
            if (status.tooLong()) {
                text.add("too-long");
            }
            addValue(text, "body", status.body() == null ? null : word(status.body()));
            addValue(text, "type", status.type());
        } else if (ending instanceof Huge huge) {
            addValue(text, "huge", huge.bytes());
        } else if (ending instanceof Reply reply && reply != Reply.NORMAL) {
            text.add(word(reply));
        }
    }

    private static void addValue(List<String> text, String key, @Nullable Object value) {
        if (value != null) {
            text.add(key + "=" + value);
        }
    }
}
