package dev.sluice.worker.cli.options;

import java.util.Collection;
import java.util.Comparator;

/** Finds what somebody probably meant. */
final class Suggestion {
    private Suggestion() {}

    /** {@code "; did you mean X?"} with the nearest of {@code known}, or nothing where none is near. */
    static String of(String typed, Collection<String> known) {
        return known.stream()
                .filter(candidate -> isNear(typed, candidate))
                .min(Comparator.comparingInt((String candidate) -> distance(typed, candidate))
                        .thenComparing(Comparator.naturalOrder()))
                .map(candidate -> "; did you mean " + candidate + "?")
                .orElse("");
    }

    /** A third of the letters may differ; a word that the other one contains is near as well. */
    private static boolean isNear(String typed, String candidate) {
        int allowed = Math.max(2, Math.min(typed.length(), candidate.length()) / 3);
        return distance(typed, candidate) <= allowed || (typed.length() >= 4 && candidate.contains(typed));
    }

    /** Levenshtein's distance: insertions, deletions and replacements. */
    static int distance(String left, String right) {
        int[] above = new int[right.length() + 1];
        for (int column = 0; column <= right.length(); column++) {
            above[column] = column;
        }
        for (int row = 1; row <= left.length(); row++) {
            above = nextRow(above, left.charAt(row - 1), row, right);
        }
        return above[right.length()];
    }

    private static int[] nextRow(int[] above, char letter, int row, String right) {
        int[] current = new int[above.length];
        current[0] = row;
        for (int column = 1; column < above.length; column++) {
            int replaced = above[column - 1] + (letter == right.charAt(column - 1) ? 0 : 1);
            current[column] = Math.min(replaced, Math.min(above[column], current[column - 1]) + 1);
        }
        return current;
    }
}
