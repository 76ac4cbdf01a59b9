package dev.sluice.gateway;

import dev.sluice.gateway.files.FileDraft;
import dev.sluice.gateway.files.StoredFile;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Receives one file and hands its bytes to the disk, no faster than the disk takes them. A client that sends too much,
 * too slowly or not to the end leaves nothing behind. It belongs to the event loop.
 */
final class UploadReceiver {
    private static final int MAX_PENDING_BYTES = 256 * 1024;
    /** The bytes of a form beside its file. */
    private static final long FORM_BYTES = 256 * 1024;

    private static final long MAX_NANOS = TimeUnit.HOURS.toNanos(1);

    private final ClientExchange exchange;
    private final HttpServerRequest request;
    private final FileTasks tasks;
    private final long maxBytes;
    private final long silenceMillis;
    private final Function<StoredFile, HttpAnswer> stored;
    private final Runnable closed;
    private @Nullable FileDraft draft;
    private Buffer pending = Buffer.buffer();
    private long received;
    private long receivedBefore;
    /** True while a task has the draft. */
    private boolean isBusy = true;

    private boolean isWhole;
    private boolean isOver;

    private UploadReceiver(
            ClientExchange exchange,
            FileTasks tasks,
            long maxFileBytes,
            long silenceMillis,
            Function<StoredFile, HttpAnswer> stored,
            Runnable closed) {
        this.exchange = exchange;
        this.request = exchange.request();
        this.tasks = tasks;
        this.maxBytes = maxFileBytes + FORM_BYTES;
        this.silenceMillis = silenceMillis;
        this.stored = stored;
        this.closed = closed;
    }

    /**
     * Receives a file and answers.
     *
     * @param begin makes the draft, on another thread
     * @param silenceMillis the time in which something must come
     * @param stored makes the answer
     * @param closed runs once nothing of this is left
     */
    static void receive(
            ClientExchange exchange,
            FileTasks tasks,
            Callable<FileDraft> begin,
            long maxFileBytes,
            long silenceMillis,
            Function<StoredFile, HttpAnswer> stored,
            Runnable closed) {
        UploadReceiver receiver = new UploadReceiver(exchange, tasks, maxFileBytes, silenceMillis, stored, closed);
        HttpServerRequest request = exchange.request();
        request.handler(receiver::add);
        request.endHandler(end -> receiver.end());
        request.pause();
        exchange.whenGone(receiver::drop);
        receiver.watch();
        Future<FileDraft> unused = tasks.run(begin).onComplete(receiver::begun);
    }

    private void begun(AsyncResult<FileDraft> begun) {
        isBusy = false;
        draft = begun.result();
        if (begun.failed()) {
            fail(FileErrors.of(exchange.id(), begun.cause()));
        } else if (isTooLarge()) {
            fail(tooLarge());
        } else if (!isOver) {
            if ("100-continue".equalsIgnoreCase(request.getHeader(HttpHeaders.EXPECT))) {
                var unused = request.response().writeContinue();
            }
            request.resume();
        }
        proceed();
    }

    /** Says so before the client has sent all of it in vain. */
    private boolean isTooLarge() {
        @Nullable String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
        return length != null && length.matches("[0-9]{1,18}") && Long.parseLong(length) > maxBytes;
    }

    private HttpAnswer tooLarge() {
        return ErrorBody.invalid(
                413,
                "too_large",
                "file",
                "the file is larger than " + (maxBytes - FORM_BYTES) + " bytes, the most that this gateway takes");
    }

    private void add(Buffer chunk) {
        if (isOver) {
            return;
        }
        received += chunk.length();
        if (received > maxBytes) {
            fail(tooLarge());
            return;
        }
        pending.appendBuffer(chunk);
        if (pending.length() >= MAX_PENDING_BYTES) {
            request.pause();
        }
        proceed();
    }

    private void end() {
        isWhole = true;
        proceed();
    }

    /** Does what comes next, unless a task has the draft. */
    private void proceed() {
        if (isBusy) {
            return;
        }
        if (isOver) {
            close();
        } else if (pending.length() > 0) {
            write();
        } else if (isWhole) {
            publish();
        }
    }

    private void write() {
        byte[] bytes = pending.getBytes();
        pending = Buffer.buffer();
        request.resume();
        run(
                open -> {
                    open.write(bytes);
                    return bytes;
                },
                written -> {});
    }

    private void publish() {
        run(FileDraft::publish, file -> {
            isOver = true;
            exchange.send(stored.apply(file));
        });
    }

    /** A step with the draft, which blocks. */
    @FunctionalInterface
    private interface Step<T> {
        T apply(FileDraft draft) throws Exception;
    }

    private <T> void run(Step<T> step, Consumer<T> then) {
        FileDraft open = draft;
        if (open == null) {
            throw new IllegalStateException("no draft");
        }
        isBusy = true;
        Future<T> unused = tasks.run(() -> step.apply(open)).onComplete(done -> {
            isBusy = false;
            if (done.failed()) {
                fail(FileErrors.of(exchange.id(), done.cause()));
            } else {
                then.accept(done.result());
            }
            proceed();
        });
    }

    /** Looks now and then whether something comes. */
    private void watch() {
        exchange.after(silenceMillis, () -> {
            boolean isSilent = received == receivedBefore;
            receivedBefore = received;
            if (isSilent && isBusy) {
                fail(FileErrors.unavailable());
            } else if (isSilent || exchange.tookNanos() > MAX_NANOS) {
                fail(ErrorBody.invalid(408, "body_timeout", null, "the file did not come in time"));
            } else {
                watch();
            }
        });
    }

    private void fail(HttpAnswer error) {
        if (isOver) {
            return;
        }
        drop();
        request.resume(); // a client that is cut off while it sends reads no answer
        exchange.closeAfterAnswer();
        exchange.send(error);
        proceed();
    }

    private void drop() {
        isOver = true;
        pending = Buffer.buffer();
        proceed();
    }

    private void close() {
        FileDraft open = draft;
        draft = null;
        isBusy = true; // for ever: nothing comes after this
        if (open == null) {
            closed.run();
            return;
        }
        Future<Boolean> unused = tasks.run(() -> {
                    open.close();
                    return true;
                })
                .onComplete(done -> {
                    if (done.failed()) {
                        HttpAnswer unusedToo = FileErrors.of(exchange.id(), done.cause());
                    }
                    closed.run();
                });
    }
}
