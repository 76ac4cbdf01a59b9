package dev.sluice.gateway.files;

import java.util.List;

/**
 * A part of the list of a caller's batches.
 *
 * @param hasMore true if others follow
 */
public record BatchPage(List<StoredBatch> batches, boolean hasMore) {
    public BatchPage {
        batches = List.copyOf(batches);
    }

    /**
     * Returns the id after which a page begins.
     *
     * @throws FileRequestException if this is no id of a batch
     */
    public static String after(String id) {
        if (!id.isEmpty() && !StoredIds.isBatch(id)) {
            throw FileRequestException.badField("after", "after must be the id of a batch, such as last_id");
        }
        return id;
    }
}
