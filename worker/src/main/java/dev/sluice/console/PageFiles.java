package dev.sluice.console;

import dev.sluice.wire.ContentHash;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The files of the page, as they lie on the class path. They are read once. Immutable. */
final class PageFiles {
    private static final String OWN = "/dev/sluice/console/";
    private static final String PLOTS = "/META-INF/resources/webjars/uplot/1.6.30/dist/";

    private static final List<String> MODULES = List.of(
            "ask.js",
            "console.js",
            "dom.js",
            "letters.js",
            "now.js",
            "plots.js",
            "request.js",
            "tenants.js",
            "words.js");

    private final Map<String, PageFile> files = new TreeMap<>();

    /**
     * A file of the page.
     *
     * @param tag the entity tag, by which a browser knows that it has this file
     */
    @SuppressWarnings("ArrayRecordComponent")
    record PageFile(String contentType, byte[] bytes, String tag) {}

    PageFiles() {
        add("/", OWN + "index.html", "text/html; charset=utf-8");
        add("/icon.svg", OWN + "icon.svg", "image/svg+xml");
        add("/console.css", OWN + "console.css", "text/css; charset=utf-8");
        for (String module : MODULES) {
            add("/" + module, OWN + module, "text/javascript; charset=utf-8");
        }
        add("/uPlot.js", PLOTS + "uPlot.iife.min.js", "text/javascript; charset=utf-8");
        add("/uPlot.css", PLOTS + "uPlot.min.css", "text/css; charset=utf-8");
    }

    private void add(String path, String resource, String contentType) {
        try (InputStream in = PageFiles.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException(resource + " is missing on the class path");
            }
            byte[] bytes = in.readAllBytes();
            files.put(path, new PageFile(contentType, bytes, "\"" + ContentHash.of(null, bytes) + "\""));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the file of a path, or null if there is none. */
    @Nullable
    PageFile get(String path) {
        return files.get(path);
    }
}
