package dev.sluice;

/** Puts an envelope around a ready body, from {@link ChatRequest#jsonBuilder(String)}. Not thread-safe. */
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
     * The request with this body, byte for byte.
     *
     * @throws InvalidChatRequestException if a worker would refuse the body, or if the envelope is wrong
     */
    @Override
    public ChatRequest build() {
        RequestProblems problems = new RequestProblems();
        RequestEnvelope envelope = envelope();
        RequestEnvelopeCheck.check(envelope, problems);
        String model = ReadyBody.check(body, problems);
        problems.throwIfAny();
        return new ChatRequest(body, model, envelope);
    }
}
