package dev.sluice;

/**
 * Puts an envelope around a ready body. {@link ChatRequest#jsonBuilder(String)} makes one. A builder is not
 * thread-safe.
 */
public final class JsonRequestBuilder extends RequestEnvelopeBuilder<JsonRequestBuilder> {
    private final byte[] body;

    JsonRequestBuilder(byte[] body) {
        this.body = body;
    }

    @Override
    JsonRequestBuilder self() {
        return this;
    }

    /**
     * Builds the request with this body, byte for byte.
     *
     * @throws InvalidChatRequestException if a worker would refuse the body, or if the envelope is invalid
     */
    @Override
    public ChatRequest build() {
        RequestProblems problems = new RequestProblems();
        RequestEnvelope envelope = envelope();
        RequestEnvelopeCheck.check(envelope, problems);
        String model = ReadyBodyCheck.check(body, problems);
        problems.throwIfAny();
        return new ChatRequest(body, model, envelope);
    }
}
