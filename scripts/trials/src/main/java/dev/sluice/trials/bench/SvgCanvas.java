package dev.sluice.trials.bench;

import java.util.Locale;

/** Collects the elements of an SVG picture. Not thread-safe. */
final class SvgCanvas {
    private final StringBuilder svg = new StringBuilder();

    SvgCanvas(int width, int height) {
        add(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" "
                        + "font-size=\"12\">",
                width, height);
        add("<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>");
    }

    /** Opens a group. Coordinates in it begin at this point. */
    SvgCanvas begin(int x, int y) {
        return add("<g transform=\"translate(%d,%d)\">", x, y);
    }

    /** Closes the group. */
    SvgCanvas end() {
        return add("</g>");
    }

    SvgCanvas bar(double x, double y, double width, double height, String colour) {
        return add(
                "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>",
                x, y, width, height, colour);
    }

    SvgCanvas dot(double x, double y) {
        return add("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\" fill=\"black\"/>", x, y);
    }

    /** Draws lines between points, each of which is an x and a y. */
    SvgCanvas line(double... points) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < points.length; i += 2) {
            text.append(String.format(Locale.ROOT, "%.1f,%.1f ", points[i], points[i + 1]));
        }
        return add(
                "<polyline points=\"%s\" stroke=\"black\" fill=\"none\"/>",
                text.toString().strip());
    }

    /** @param anchor {@code start}, {@code middle} or {@code end}: the part of the text that is at x */
    SvgCanvas text(double x, double y, String anchor, String text) {
        return add(
                "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>",
                x, y, anchor, text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"));
    }

    /** Returns the whole picture. */
    String svg() {
        return svg + "</svg>\n";
    }

    private SvgCanvas add(String format, Object... values) {
        svg.append(String.format(Locale.ROOT, format, values)).append('\n');
        return this;
    }
}
