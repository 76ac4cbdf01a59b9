package dev.sluice.console;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A person who uses the console. Whoever may use it at all may look.
 *
 * @param name the name, which the marks of replays have
 * @param readsBodies true if the person may read what requests asked, and search in it
 * @param acts true if the person may replay dead letters
 */
record ConsoleUser(String name, boolean readsBodies, boolean acts) {
    /** Returns what the page shows and hides things by. */
    ObjectNode json() {
        return JsonMapper.shared()
                .createObjectNode()
                .put("name", name)
                .put("bodies", readsBodies)
                .put("act", acts);
    }
}
