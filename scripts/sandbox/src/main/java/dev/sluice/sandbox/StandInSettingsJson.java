package dev.sluice.sandbox;

import java.time.Duration;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.deser.std.FromStringDeserializer;
import tools.jackson.databind.exc.UnrecognizedPropertyException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.ser.std.ToStringSerializer;
import tools.jackson.databind.ser.std.ToStringSerializerBase;

/** Writes {@link StandInSettings} as JSON and merges partial JSON into them. */
final class StandInSettingsJson {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
            .addModule(new SimpleModule()
                    .addSerializer(Duration.class, new DurationWriter())
                    .addSerializer(LatencyModel.class, new ToStringSerializer(LatencyModel.class))
                    .addSerializer(ApiFault.class, new ToStringSerializer(ApiFault.class))
                    .addDeserializer(Duration.class, new Reader<>(Duration.class, UnitSyntax::duration))
                    .addDeserializer(LatencyModel.class, new Reader<>(LatencyModel.class, LatencyModel::parse))
                    .addDeserializer(ApiFault.class, new Reader<>(ApiFault.class, ApiFault::parse)))
            .build();

    private StandInSettingsJson() {}

    static StandInSettings patched(StandInSettings settings, String json) {
        try {
            if (!(JSON.readTree(json) instanceof ObjectNode patch)) {
                throw new IllegalArgumentException("settings must be a JSON object, not: " + json);
            }
            ObjectNode target = tree(settings);
            ObjectNode defaults = tree(StandInSettings.DEFAULT);
            addDefaultLimits(target, patch, defaults);
            ObjectNode merged = merged(target, patch, defaults);
            StandInSettings read = JSON.treeToValue(merged, StandInSettings.class);
            // Keeps the same list: a rule must not restart its count because another setting was changed.
            boolean sameFaults = !patch.has("faults");
            return sameFaults ? withFaults(read, settings) : read;
        } catch (UnrecognizedPropertyException e) {
            throw new IllegalArgumentException(unknownKey(e), e);
        } catch (JacksonException e) {
            throw new IllegalArgumentException(reason(e), e);
        }
    }

    static ObjectNode masked(StandInSettings settings) {
        StandInSettings.Access access = settings.access();
        ObjectNode tree = tree(settings);
        tree.withObject("/access").putArray("apiKeys");
        access.apiKeys()
                .forEach(key -> tree.withObject("/access").withArray("apiKeys").add("***"));
        return tree;
    }

    private static StandInSettings withFaults(StandInSettings read, StandInSettings old) {
        return new StandInSettings(
                read.access(), read.answers(), read.limits(), read.errors(), old.faults(), read.seed());
    }

    private static ObjectNode tree(StandInSettings settings) {
        return JSON.<ObjectNode>valueToTree(settings);
    }

    /** Adds the default limit for each model that gets its first limit, so that this limit may be partial too. */
    private static void addDefaultLimits(ObjectNode target, ObjectNode patch, ObjectNode defaults) {
        for (Map.Entry<String, JsonNode> model : patch.at("/limits/models").properties()) {
            if (model.getValue().isObject()) {
                JsonNode unlimited = JSON.valueToTree(RateLimit.NONE);
                target.withObject("/limits/models").putIfAbsent(model.getKey(), unlimited.deepCopy());
                defaults.withObject("/limits/models").set(model.getKey(), unlimited);
            }
        }
    }

    /** Merges by RFC 7396, except that null means the default if there is one. */
    private static ObjectNode merged(ObjectNode target, ObjectNode patch, JsonNode defaults) {
        for (Map.Entry<String, JsonNode> change : patch.properties()) {
            String key = change.getKey();
            JsonNode old = target.path(key);
            if (change.getValue() instanceof ObjectNode inner) {
                ObjectNode base = old instanceof ObjectNode object ? object : JSON.createObjectNode();
                target.set(key, merged(base, inner, defaults.path(key)));
            } else if (!change.getValue().isNull()) {
                target.set(key, change.getValue());
            } else if (defaults.has(key)) {
                target.set(key, defaults.path(key));
            } else if (target.has(key)) {
                target.remove(key);
            } else {
                target.putNull(key);
            }
        }
        return target;
    }

    private static String unknownKey(UnrecognizedPropertyException e) {
        var known =
                e.getKnownPropertyIds().stream().map(Object::toString).sorted().toList();
        return "unknown key '" + e.getPropertyName() + "'; did you mean '" + NearestWord.to(e.getPropertyName(), known)
                + "'? Known here: " + String.join(", ", known);
    }

    private static String reason(JacksonException e) {
        Throwable cause = e;
        while (cause instanceof JacksonException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        String text = cause instanceof JacksonException jackson ? jackson.getOriginalMessage() : cause.getMessage();
        String path = path(e);
        return path.isEmpty() ? text : path + ": " + text;
    }

    private static String path(JacksonException e) {
        return e.getPath().stream()
                .map(step -> step.getPropertyName() == null ? "[" + step.getIndex() + "]" : step.getPropertyName())
                .collect(Collectors.joining("."));
    }

    private static final class DurationWriter extends ToStringSerializerBase {
        DurationWriter() {
            super(Duration.class);
        }

        @Override
        public String valueToString(Object value) {
            return UnitSyntax.text((Duration) value);
        }
    }

    private static final class Reader<T> extends FromStringDeserializer<T> {
        private final transient Function<String, T> reader;

        Reader(Class<T> type, Function<String, T> reader) {
            super(type);
            this.reader = reader;
        }

        @Override
        protected T _deserialize(String text, DeserializationContext context) {
            return reader.apply(text);
        }
    }
}
