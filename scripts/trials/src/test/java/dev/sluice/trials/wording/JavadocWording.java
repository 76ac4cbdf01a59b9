package dev.sluice.trials.wording;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Measures how the Javadoc of a source tree is worded.
 *
 * <p>Run alone, with {@code java JavadocWording.java [-v] FOLDER...}, it prints the figures of each package. With
 * {@code -v} it also prints every finding.
 *
 * @param javadocs the number of Javadoc comments that have a description
 * @param fragments the comments that begin with a headless fragment, as {@code file:line: text}
 * @param sentences the number of sentences in all descriptions and block tags
 * @param separators the number of commas, semicolons and colons in them, outside of code
 * @param longLines the lines of more than 120 columns, as {@code file:line: length}
 */
record JavadocWording(int javadocs, List<String> fragments, int sentences, int separators, List<String> longLines) {
    private static final int COLUMNS = 120;

    /** A sentence that begins with one of these words has no subject and no leading verb. */
    private static final Pattern HEADLESS = Pattern.compile(
            "(?:Of|For|By|As|With|At|From|And|Or|Likewise|Those|Such|To|In|On|Its|Beside|Besides|Between|After|Before"
                    + "|Behind|Beyond|Up|Until|Not|No|That|Without|While|Also|Only|Where|Why|So|Since|Else|But|More"
                    + "|Most|Some|Any|When|Whether|What|How|Who|Whoever|Which|Whatever|Than|Then|There|Here|Unless"
                    + "|Once|If|Because|Against|Among|Instead|Neither|Nor|Never|Always|Too|Even|Just)\\b.*");

    /** A leading condition is allowed if a comma and a main clause follow. */
    private static final Pattern MAIN_CLAUSE_FOLLOWS =
            Pattern.compile("(?:If|When|Once|While|Where|After|Before|Until|Unless|Since|Because)\\b[^,]*, \\S.*");

    private static final Pattern TOKENS = Pattern.compile(
            "\"\"\".*?\"\"\"|\"(?:\\\\.|[^\"\\\\\n])*\"|'(?:\\\\.|[^'\\\\\n])+'|//[^\n]*|/\\*.*?\\*/", Pattern.DOTALL);
    private static final Pattern PRE = Pattern.compile("<pre>.*?</pre>", Pattern.DOTALL);
    private static final Pattern INLINE_TAG = Pattern.compile("\\{@\\w+\\s+((?:[^{}]|\\{[^{}]*\\})*)\\}");
    private static final Pattern BLOCK_TAG =
            Pattern.compile("(?m)^@(?:param\\s+\\S+|throws\\s+\\S+|return|see\\s+\\S+|since|\\w+)\\s*");
    private static final Pattern SENTENCE_END = Pattern.compile("[.!?](?=\\s|$)");
    private static final Pattern SEPARATOR = Pattern.compile("[,;:](?=\\s|$)");

    static JavadocWording of(Path... folders) throws IOException {
        JavadocWording sum = new JavadocWording(0, List.of(), 0, 0, List.of());
        for (Path folder : folders) {
            for (Path file : sources(folder)) {
                sum = sum.plus(ofFile(file));
            }
        }
        return sum;
    }

    static List<Path> sources(Path folder) throws IOException {
        try (Stream<Path> found = Files.walk(folder)) {
            return found.filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> !file.toString().contains("/target/"))
                    .sorted()
                    .toList();
        }
    }

    private static JavadocWording ofFile(Path file) throws IOException {
        String text = Files.readString(file);
        JavadocWording sum = new JavadocWording(0, List.of(), 0, 0, longLines(file, text));
        for (Matcher token = TOKENS.matcher(text); token.find(); ) {
            if (token.group().startsWith("/**")) {
                long line = text.substring(0, token.start()).lines().count();
                sum = sum.plus(ofComment(file + ":" + line, token.group()));
            }
        }
        return sum;
    }

    private static List<String> longLines(Path file, String text) {
        List<String> found = new ArrayList<>();
        int number = 0;
        for (String line : text.split("\n", -1)) {
            number++;
            if (line.length() > COLUMNS) {
                found.add(file + ":" + number + ": " + line.length());
            }
        }
        return found;
    }

    private static JavadocWording ofComment(String place, String comment) {
        String plain = comment.substring(3, comment.length() - 2)
                .replaceAll("(?m)^\\s*\\* ?", "")
                .strip();
        plain = PRE.matcher(plain).replaceAll("");
        plain = INLINE_TAG.matcher(plain).replaceAll("X");
        plain = plain.replaceAll("</?\\w+>", " ").replaceAll("\\([^()]*\\)", " ");
        int tags = plain.startsWith("@") ? 0 : plain.indexOf("\n@");
        String description = (tags < 0 ? plain : plain.substring(0, tags))
                .replaceAll("\\s+", " ")
                .strip();
        String all = BLOCK_TAG.matcher(plain).replaceAll(". ").replaceAll("\\s+", " ");
        int sentences = (int) Stream.of(SENTENCE_END.split(all))
                .filter(part -> part.matches(".*\\w.*"))
                .count();
        int separators = (int) SEPARATOR.matcher(all).results().count();
        boolean headless = HEADLESS.matcher(description).matches()
                && !MAIN_CLAUSE_FOLLOWS
                        .matcher(SENTENCE_END.split(description, 2)[0])
                        .matches();
        return new JavadocWording(
                description.isEmpty() ? 0 : 1,
                headless
                        ? List.of(place + ": " + description.substring(0, Math.min(90, description.length())))
                        : List.of(),
                sentences,
                separators,
                List.of());
    }

    private JavadocWording plus(JavadocWording other) {
        return new JavadocWording(
                javadocs + other.javadocs,
                joined(fragments, other.fragments),
                sentences + other.sentences,
                separators + other.separators,
                joined(longLines, other.longLines));
    }

    private static List<String> joined(List<String> first, List<String> second) {
        return Stream.concat(first.stream(), second.stream()).toList();
    }

    double separatorsPerSentence() {
        return sentences == 0 ? 0 : (double) separators / sentences;
    }

    double fragmentShare() {
        return javadocs == 0 ? 0 : (double) fragments.size() / javadocs;
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%5d Javadocs, %5.1f %% begin with a fragment, %.2f separators per sentence, %d long lines",
                javadocs,
                100 * fragmentShare(),
                separatorsPerSentence(),
                longLines.size());
    }

    public static void main(String[] args) throws IOException {
        boolean verbose = args.length > 0 && args[0].equals("-v");
        Map<String, JavadocWording> byFolder = new TreeMap<>();
        JavadocWording sum = new JavadocWording(0, List.of(), 0, 0, List.of());
        for (String arg : List.of(args).subList(verbose ? 1 : 0, args.length)) {
            for (Path file : sources(Path.of(arg))) {
                JavadocWording one = ofFile(file);
                byFolder.merge(file.getParent().toString(), one, JavadocWording::plus);
                sum = sum.plus(one);
            }
        }
        byFolder.forEach((folder, wording) -> System.out.println(wording + "  " + folder));
        System.out.println(sum);
        if (verbose) {
            sum.fragments().forEach(System.out::println);
            sum.longLines().forEach(System.out::println);
        }
    }
}
