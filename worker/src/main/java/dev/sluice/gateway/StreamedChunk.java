package dev.sluice.gateway;

import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/**
 * A chunk of a streamed answer on its way to the client.
 *
 * @param chunk the chunk, which nobody may change any more
 * @param event the same as a server-sent event
 * @param headers what the answer's head has if this is the first chunk
 * @param includesUsage true if the client wants the usage in its stream
 */
@SuppressWarnings("ArrayRecordComponent")
record StreamedChunk(ObjectNode chunk, byte[] event, Map<String, String> headers, boolean includesUsage) {}
