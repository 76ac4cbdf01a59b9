package dev.sluice.worker.cli.options;

import dev.sluice.worker.text.CommandException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Gives an option that is not on the command line its value from the environment, else from the configuration file.
 *
 * <p>A wrong value becomes a problem and is ignored, because picocli would stop at the first one. Each value is
 * therefore converted twice, here only to check it.
 */
public final class LayeredDefaults implements IDefaultValueProvider {
    /** The variables that Kubernetes sets in every pod for a service whose name begins with {@code sluice}. */
    private static final Pattern SERVICE_LINK = Pattern.compile(
            "SLUICE_(.+_)?(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT(_\\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)");

    private final Map<String, String> env;
    private final Map<String, String> file;
    private final String fileName;
    /** A set, because picocli may ask for the default of an option more than once. */
    private final Set<String> problems = new LinkedHashSet<>();

    private LayeredDefaults(Map<String, String> env, Map<String, String> file, String fileName) {
        this.env = env;
        this.file = file;
        this.fileName = fileName;
    }

    /**
     * Returns the layers below the command line. A file that cannot be read is one of the {@link #problems}, so that a
     * person sees it together with the others.
     */
    public static LayeredDefaults of(Map<String, String> env, List<String> args) {
        String name = configFile(args).orElse(env.get(OptionNames.ENV_PREFIX + "CONFIG"));
        if (name == null || name.isBlank()) {
            return new LayeredDefaults(env, Map.of(), "");
        }
        try {
            return new LayeredDefaults(env, ConfigFile.read("--config", Path.of(name)), name);
        } catch (CommandException e) {
            LayeredDefaults layers = new LayeredDefaults(env, Map.of(), name);
            layers.problems.add(e.getMessage());
            return layers;
        }
    }

    /** Finds the file before picocli parses the line, because picocli asks for defaults while it parses. */
    private static Optional<String> configFile(List<String> args) {
        for (int index = 0; index < args.size(); index++) {
            String arg = args.get(index);
            if (arg.equals("--")) {
                return Optional.empty();
            }
            if (arg.startsWith("--config=")) {
                return Optional.of(arg.substring("--config=".length()));
            }
            if (arg.equals("--config") && index + 1 < args.size()) {
                return Optional.of(args.get(index + 1));
            }
        }
        return Optional.empty();
    }

    @Override
    public @Nullable String defaultValue(ArgSpec arg) {
        if (!OptionNames.isSetting(arg) || !(arg instanceof OptionSpec option)) {
            return null;
        }
        for (String name : OptionNames.env(option)) {
            String value = env.get(name);
            if (value != null && !value.isBlank() && !isServiceLink(name, value)) {
                return usable(option, value, "environment variable " + name);
            }
        }
        String key = OptionNames.key(option);
        String value = file.get(key);
        return value == null || value.isBlank() ? null : usable(option, value, key + " in " + fileName);
    }

    /** Returns true for the address that Kubernetes sets in SLUICE_PORT where there is a service named sluice. */
    private static boolean isServiceLink(String name, String value) {
        return SERVICE_LINK.matcher(name).matches() && value.matches("(tcp|udp|sctp)://.*");
    }

    private @Nullable String usable(OptionSpec option, String value, String source) {
        String[] elements = option.splitRegex().isEmpty() ? new String[] {value} : value.split(option.splitRegex());
        boolean usable = true;
        for (String element : elements) {
            Optional<String> problem = Converters.problem(option, element);
            problem.ifPresent(wrong -> problems.add(source + ": " + wrong));
            usable &= problem.isEmpty();
        }
        return usable ? value : null;
    }

    /** Returns all problems of the environment and the file, among them names that no command knows. */
    public List<String> problems(CommandLine root) {
        List<String> all = new ArrayList<>(problems);
        Set<String> knownNames = OptionNames.allEnv(root);
        env.keySet().stream()
                .filter(name -> name.startsWith(OptionNames.ENV_PREFIX))
                .filter(name -> !knownNames.contains(name)
                        && !SERVICE_LINK.matcher(name).matches())
                .sorted()
                .forEach(name ->
                        all.add("unknown environment variable " + name + UnknownOptions.hint(name, knownNames)));
        Set<String> knownKeys = OptionNames.allKeys(root);
        file.keySet().stream()
                .filter(key -> !knownKeys.contains(key))
                .forEach(
                        key -> all.add("unknown key " + key + " in " + fileName + UnknownOptions.hint(key, knownKeys)));
        return all;
    }
}
