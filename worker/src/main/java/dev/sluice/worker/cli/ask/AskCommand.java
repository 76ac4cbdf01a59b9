package dev.sluice.worker.cli.ask;

import dev.sluice.ChatFailedException;
import dev.sluice.ChatQueue;
import dev.sluice.ChatQueueException;
import dev.sluice.ChatReply;
import dev.sluice.ChatRequest;
import dev.sluice.ChatRequestBuilder;
import dev.sluice.InvalidChatRequestException;
import dev.sluice.ReplyTimeoutException;
import dev.sluice.wire.UuidV7;
import dev.sluice.worker.cli.command.ExitCode;
import dev.sluice.worker.cli.command.FailureText;
import dev.sluice.worker.cli.command.GracefulStop;
import dev.sluice.worker.cli.command.Logging;
import dev.sluice.worker.cli.command.Subcommand;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.connection.EnvelopeOptions;
import dev.sluice.worker.cli.connection.KafkaOptions;
import dev.sluice.worker.cli.connection.QueueConnection;
import dev.sluice.worker.cli.connection.SilenceNotice;
import dev.sluice.worker.cli.connection.WorkerLookup;
import dev.sluice.worker.cli.options.OptionError;
import dev.sluice.worker.text.Durations;
import java.io.UncheckedIOException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command {@code sluice ask}. */
@Command(
        name = "ask",
        abbreviateSynopsis = true,
        sortOptions = false,
        description = "Put one question on the queue, wait for its answer and print it.",
        footerHeading = "%nExample:%n",
        footer = "  sluice ask --model openai/gpt-oss-20b 'Why is the sky blue?'")
public final class AskCommand implements Subcommand {
    private static final String NAME = "sluice ask";
    private static final long TICK_MILLIS = 200;
    private static final long STOP_TIMEOUT_MILLIS = 5_000;
    private static final long CANCEL_TIMEOUT_MILLIS = 3_000;

    private final Terminal terminal;
    /** Made here, so that it can be named while the answer is still to come. */
    private final String id =
            new UuidV7(Clock.systemUTC(), new SecureRandom()).next().toString();

    @Parameters(paramLabel = "TEXT", description = "The question; one argument, so put it in quotes.")
    private String text = "";

    @Option(
            names = "--model",
            paramLabel = "NAME",
            required = true,
            description = "The model to ask, as the provider writes it. Required. Example: openai/gpt-oss-20b")
    private String model = "";

    @Option(names = "--system", paramLabel = "TEXT", description = "A system message to go before the question.")
    private @Nullable String system;

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            description = {"Longest answer in tokens, reasoning included.", "  Default: the model's own"})
    private @Nullable Integer maxTokens;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            description = {"0 to 2; 0 is the least random.", "  Default: the model's own"})
    private @Nullable Double temperature;

    @Option(
            names = "--timeout",
            paramLabel = "DURATION",
            defaultValue = "5m",
            description =
                    "How long to wait for the answer; the request is not called any more after that. Example: 30s")
    private Duration timeout = Duration.ZERO;

    @Option(
            names = "--json",
            defaultValue = "false",
            description = "Print the API's JSON body as it came, instead of its text.")
    private boolean json;

    @Option(names = "--stream", defaultValue = "false", description = "Print the answer as it is made.")
    private boolean stream;

    @Mixin
    private EnvelopeOptions envelope = new EnvelopeOptions();

    @Mixin
    private KafkaOptions kafka = new KafkaOptions();

    @Mixin
    private WorkerLookup workers = new WorkerLookup();

    private @Nullable ChatRequest request;

    public AskCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void check(List<String> problems) {
        Logging.forClient();
        kafka.check(problems);
        workers.check(problems);
        if (timeout.toMillis() < 1) {
            problems.add(OptionError.of("--timeout", "more than zero", timeout));
        }
        if (stream && json) {
            problems.add("--stream and --json exclude each other: the body comes as a whole; leave one of them out");
        }
        envelope.check(timeout, problems);
        if (problems.isEmpty() && text.isBlank()) {
            problems.add("TEXT is empty; write the question, in quotes");
        }
        if (!problems.isEmpty() && (model.isEmpty() || text.isEmpty())) {
            return;
        }
        try {
            ChatRequest unused = body().build();
        } catch (InvalidChatRequestException e) {
            e.problems().forEach(problem -> problems.add(describe(problem)));
        }
        if (problems.isEmpty()) {
            request = envelope.addTo(body()).abortIfCancelled().build();
        }
    }

    /** Names the option instead of the field of the body. Both have the same name. */
    private String describe(InvalidChatRequestException.Problem problem) {
        return switch (problem.field()) {
            case "model" -> "--model: must be the name of a model, is '" + model + "'";
            case "temperature", "max_tokens" ->
                "--" + problem.field().replace('_', '-') + ": " + problem.remedy() + ", is '" + problem.found() + "'";
            default -> problem.toString();
        };
    }

    private ChatRequestBuilder body() {
        ChatRequestBuilder builder = ChatRequest.builder().id(id).model(model);
        if (system != null) {
            builder.system(system);
        }
        builder.user(text);
        if (maxTokens != null) {
            builder.maxTokens(maxTokens);
        }
        if (temperature != null) {
            builder.temperature(temperature);
        }
        return builder;
    }

    @Override
    public int run() throws InterruptedException {
        try (ChatQueue queue = QueueConnection.open(kafka, envelope.priority())) {
            return ask(queue, new SilenceNotice(this::print, System::nanoTime, () -> workers.find(kafka)));
        }
    }

    /** Sends the request and prints its answer, or the reason why there is none. Returns the exit code. */
    int ask(ChatQueue queue, SilenceNotice notice) throws InterruptedException {
        if (request == null) {
            throw new IllegalStateException("not checked");
        }
        StreamedText text = new StreamedText(terminal.out());
        CompletableFuture<ChatReply> asked =
                stream ? queue.stream(request, timeout).forEach(text::print) : queue.ask(request, timeout);
        try (GracefulStop closedAtTheEnd =
                GracefulStop.of("ask", () -> stop(queue, asked), STOP_TIMEOUT_MILLIS, () -> {})) {
            ChatReply reply = await(asked, text, notice);
            text.end();
            return reply.ok() ? print(reply, text) : fail(FailureText.failure(reply));
        } catch (CancellationException stopped) {
            return ExitCode.FAILED;
        } catch (ExecutionException e) {
            text.end();
            if (e.getCause() instanceof ChatFailedException failed) {
                return fail(FailureText.failure(failed.reply()));
            }
            if (e.getCause() instanceof ReplyTimeoutException) {
                return fail("no answer to request " + id + " within " + Durations.format(timeout)
                        + " (--timeout); it is not called any more. 'sluice status' shows what waits and which workers"
                        + " run");
            }
            if (e.getCause() instanceof ChatQueueException
                    || e.getCause() instanceof InvalidChatRequestException
                    || e.getCause() instanceof UncheckedIOException) {
                return fail(String.valueOf(e.getCause().getMessage()));
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    private static ChatReply await(CompletableFuture<ChatReply> asked, StreamedText text, SilenceNotice notice)
            throws ExecutionException, InterruptedException {
        while (true) {
            try {
                return asked.get(TICK_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException notYet) {
                if (text.isEmpty()) {
                    notice.silent();
                }
            }
        }
    }

    /** Cancels the request, since nobody waits for its answer any more. */
    void stop(ChatQueue queue, CompletableFuture<ChatReply> asked) {
        if (asked.isDone()) {
            return;
        }
        try {
            Void unused = queue.cancel(id).get(CANCEL_TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
            print("stopped; request " + id + " is cancelled");
        } catch (ExecutionException e) {
            printStillOpen(String.valueOf(e.getCause().getMessage()));
        } catch (TimeoutException e) {
            printStillOpen("no answer from Kafka");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            printStillOpen("interrupted");
        }
        var unused = asked.cancel(false);
    }

    private void printStillOpen(String cause) {
        print("stopped; request " + id + " could not be cancelled (" + cause + "). If it is answered within "
                + Durations.format(timeout) + " of its beginning, the reply is on "
                + kafka.topics().replies());
    }

    private int print(ChatReply reply, StreamedText text) {
        if (json) {
            terminal.out().writeBytes(reply.body());
            terminal.out().println();
            return ExitCode.DONE;
        }
        if (reply.text().isEmpty()) {
            print("the answer has no text (finish reason "
                    + reply.finishReason().orElse("unknown")
                    + "); --json shows all of it, and where the reason is length, a larger --max-tokens helps");
        }
        if (text.isEmpty()) {
            terminal.out().println(reply.text());
        }
        return ExitCode.DONE;
    }

    private int fail(String reason) {
        print(reason);
        return ExitCode.FAILED;
    }

    private void print(String line) {
        terminal.err().println(NAME + ": " + line);
    }
}
