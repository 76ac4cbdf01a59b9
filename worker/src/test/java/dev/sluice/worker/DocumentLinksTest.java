package dev.sluice.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URLDecoder;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Checks the Markdown files of the repository: links and anchors resolve, and files and lines are not too long. */
class DocumentLinksTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Set<String> SKIPPED_FOLDERS = Set.of(".git", "target", "node_modules");

    /** scripts/bench writes this page, with a line for each machine. */
    private static final Path GENERATED = ROOT.resolve("scripts/trials/results/README.md");

    private static final int MAX_LINE = 120;
    private static final int MAX_README_LINES = 200;
    private static final Pattern FENCE = Pattern.compile("(?ms)^```.*?^```$");
    private static final Pattern CODE = Pattern.compile("`[^`\\n]*`");
    private static final Pattern HEADING = Pattern.compile("(?m)^#{1,6} +(.*)$");
    private static final Pattern LINK = Pattern.compile("\\]\\(\\s*([^)\\s]+)[^)]*\\)|(?:src|href)=\"([^\"]+)\"");
    private static final Pattern EXTERNAL = Pattern.compile("^(?:[a-z]+:|//).*");

    @Test
    void linksAndAnchorsResolve() throws IOException {
        List<String> broken = new ArrayList<>();
        for (Path document : documents()) {
            for (String link : links(document)) {
                if (!resolves(document, link)) {
                    broken.add(ROOT.relativize(document) + ": " + link);
                }
            }
        }

        assertThat(broken).isEmpty();
    }

    @Test
    void readmeIsShort() throws IOException {
        assertThat(Files.readAllLines(ROOT.resolve("README.md"))).hasSizeLessThanOrEqualTo(MAX_README_LINES);
    }

    /** Table rows, code blocks and the targets of links cannot be wrapped. */
    @Test
    void linesAreShort() throws IOException {
        List<String> tooLong = new ArrayList<>();
        for (Path document : documents()) {
            if (document.equals(GENERATED)) {
                continue;
            }
            prose(document)
                    .lines()
                    .filter(line -> !line.startsWith("|"))
                    .filter(line -> LINK.matcher(line).replaceAll("]()").length() > MAX_LINE)
                    .forEach(line -> tooLong.add(ROOT.relativize(document) + ": " + line));
        }

        assertThat(tooLong).isEmpty();
    }

    private static List<Path> documents() throws IOException {
        List<Path> documents = new ArrayList<>();
        Files.walkFileTree(ROOT, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                boolean skipped = SKIPPED_FOLDERS.contains(folder.getFileName().toString());
                return skipped ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (file.toString().endsWith(".md")) {
                    documents.add(file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
        assertThat(documents).contains(ROOT.resolve("README.md"), GENERATED);
        return documents;
    }

    private static List<String> links(Path document) throws IOException {
        List<String> links = new ArrayList<>();
        Matcher matcher = LINK.matcher(CODE.matcher(prose(document)).replaceAll(""));
        while (matcher.find()) {
            String link = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
            if (!EXTERNAL.matcher(link).matches()) {
                links.add(link);
            }
        }
        return links;
    }

    private static boolean resolves(Path document, String link) throws IOException {
        int hash = link.indexOf('#');
        String path = URLDecoder.decode(hash < 0 ? link : link.substring(0, hash), UTF_8);
        Path target = path.isEmpty() ? document : document.resolveSibling(path).normalize();
        if (!Files.exists(target) || !target.startsWith(ROOT)) {
            return false;
        }
        return hash < 0 || anchors(target).contains(link.substring(hash + 1));
    }

    /** Returns the anchors that GitHub gives to the headings of a document. */
    private static Set<String> anchors(Path document) throws IOException {
        Set<String> anchors = new HashSet<>();
        Matcher heading = HEADING.matcher(prose(document));
        while (heading.find()) {
            String text = heading.group(1).replaceAll("\\[([^\\]]*)\\]\\([^)]*\\)", "$1");
            String anchor = text.strip()
                    .toLowerCase(Locale.ROOT)
                    .replaceAll("[^\\p{L}\\p{N} _-]", "")
                    .replace(' ', '-');
            String unique = anchor;
            for (int i = 1; !anchors.add(unique); i++) {
                unique = anchor + "-" + i;
            }
        }
        return anchors;
    }

    /** Returns the document without its blocks of code. */
    private static String prose(Path document) throws IOException {
        return FENCE.matcher(Files.readString(document)).replaceAll("");
    }
}
