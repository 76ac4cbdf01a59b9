/** A service that knows OpenAI's client and nothing of Sluice. It calls an HTTP door as it would call the API. */
@NullMarked
package dev.sluice.examples.openai;

import org.jspecify.annotations.NullMarked;
