package dev.sluice.gateway.files;

import java.util.List;

/**
 * A part of the list of a caller's files.
 *
 * @param hasMore true if others follow
 */
public record FilePage(List<StoredFile> files, boolean hasMore) {
    public FilePage {
        files = List.copyOf(files);
    }

    /**
     * The part to return.
     *
     * @param after the id after which it begins, which may have been deleted, or empty for the beginning
     * @param limit the most files
     * @param isAscending true for the oldest first
     * @param purpose the purpose of the files, or empty for any
     */
    public record Query(String after, int limit, boolean isAscending, String purpose) {
        /** @throws FileRequestException if {@code after} is no id of a file */
        public Query {
            if (!after.isEmpty() && !StoredIds.isFile(after)) {
                throw FileRequestException.badField("after", "after must be the id of a file, such as last_id");
            }
        }

        boolean isPast(String id) {
            return after.isEmpty() || (isAscending ? id.compareTo(after) > 0 : id.compareTo(after) < 0);
        }

        boolean takes(StoredFile file) {
            return purpose.isEmpty() || purpose.equals(file.purpose());
        }
    }
}
