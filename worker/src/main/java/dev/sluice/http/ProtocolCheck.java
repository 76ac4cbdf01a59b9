package dev.sluice.http;

import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.net.impl.VertxConnection;

/**
 * Has a request of another protocol than HTTP/1.0 and HTTP/1.1 answered as one that is no HTTP. The server's own answer
 * has no body, and begins with the name that the client has given to its protocol. Stateless.
 */
@ChannelHandler.Sharable
final class ProtocolCheck extends ChannelInboundHandlerAdapter {
    private static final ProtocolCheck INSTANCE = new ProtocolCheck();

    private ProtocolCheck() {}

    /** Checks all requests of a connection, on which none has come yet. */
    static void install(HttpConnection connection) {
        if (connection instanceof VertxConnection opened) {
            ChannelHandlerContext server = opened.channelHandlerContext();
            server.pipeline().addBefore(server.name(), "protocol-check", INSTANCE);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (message instanceof HttpRequest request && !isKnown(request.protocolVersion())) {
            request.setProtocolVersion(HttpVersion.HTTP_1_1);
            request.setDecoderResult(DecoderResult.failure(new IllegalArgumentException("unknown protocol")));
        }
        context.fireChannelRead(message);
    }

    /** Compares as the server does: {@code http/1.1} is equal to HTTP/1.1, and no HTTP to it all the same. */
    @SuppressWarnings("ReferenceEquality")
    private static boolean isKnown(HttpVersion version) {
        return version == HttpVersion.HTTP_1_0 || version == HttpVersion.HTTP_1_1;
    }
}
