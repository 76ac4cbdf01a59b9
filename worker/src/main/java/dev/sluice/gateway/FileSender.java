package dev.sluice.gateway;

import dev.sluice.gateway.files.FileContent;
import io.vertx.core.Future;
import java.util.Map;

/**
 * Sends the bytes of one stored file, no faster than the client takes them. It reads on other threads, since the
 * server's own way of sending a file blocks its event loop while the volume hangs. It belongs to the event loop.
 */
final class FileSender {
    private static final int PIECE_BYTES = 256 * 1024;

    private final ClientExchange exchange;
    private final FileTasks tasks;
    private final FileContent content;
    private final Runnable closed;

    private FileSender(ClientExchange exchange, FileTasks tasks, FileContent content, Runnable closed) {
        this.exchange = exchange;
        this.tasks = tasks;
        this.content = content;
        this.closed = closed;
    }

    /**
     * Sends a file as the answer of an exchange, and closes it.
     *
     * @param closed runs once nothing of this is left
     */
    static void send(ClientExchange exchange, FileTasks tasks, FileContent content, Runnable closed) {
        FileSender sender = new FileSender(exchange, tasks, content, closed);
        if (exchange.isEnded()) {
            sender.close();
            return;
        }
        exchange.begin(
                new HttpAnswer(200, "application/octet-stream", Map.of(), new byte[0], "ok"),
                content.file().bytes());
        sender.next();
    }

    private void next() {
        Future<byte[]> unused = tasks.run(() -> content.next(PIECE_BYTES)).onComplete(read -> {
            if (exchange.isEnded()) {
                close();
            } else if (read.failed()) {
                exchange.abort(FileErrors.of(exchange.id(), read.cause()));
                close();
            } else if (read.result().length == 0) {
                exchange.finish("ok");
                close();
            } else {
                send(read.result());
            }
        });
    }

    private void send(byte[] piece) {
        Future<Void> unused = exchange.piece(piece).onComplete(taken -> {
            if (taken.succeeded()) {
                next();
            } else {
                close(); // the client has gone, of which the exchange hears by itself
            }
        });
    }

    private void close() {
        Future<Boolean> unused = tasks.run(() -> {
                    content.close();
                    return true;
                })
                .onComplete(done -> closed.run());
    }
}
