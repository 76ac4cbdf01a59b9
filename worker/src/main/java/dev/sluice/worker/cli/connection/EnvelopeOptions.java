package dev.sluice.worker.cli.connection;

import dev.sluice.ChatRequest;
import dev.sluice.InvalidChatRequestException;
import dev.sluice.Priority;
import dev.sluice.RequestEnvelopeBuilder;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.cli.options.Converters.FutureMoment;
import dev.sluice.worker.cli.options.OptionError;
import dev.sluice.worker.cli.options.OptionNames;
import dev.sluice.worker.text.Durations;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of every command that publishes requests: what a request may carry beside its body. */
public final class EnvelopeOptions {
    @Option(
            names = "--tenant",
            paramLabel = "NAME",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "For whom the requests are; metrics, log and dead letters name it.")
    private @Nullable String tenant;

    @Option(
            names = "--request-group",
            paramLabel = "NAME",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "A group that the requests belong to; 'sluice cancel --group NAME' cancels all of it.")
    private @Nullable String requestGroup;

    @Option(
            names = "--not-before",
            paramLabel = "WHEN",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "Call nothing before this: 2h or 1h30m from now, or 2026-01-31T08:00:00Z.")
    private @Nullable FutureMoment notBefore;

    @Option(
            names = "--cache-for",
            paramLabel = "DURATION",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description =
                    "Take an answer of this age from a worker's memory, if an equal request has one. Example: 10m")
    private @Nullable Duration cacheFor;

    @Option(
            names = "--express",
            defaultValue = "false",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "Publish to the queue's express topic: called before the backlog of the same model.")
    private boolean express;

    @Option(
            names = "--header",
            paramLabel = "NAME=VALUE",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "A header of your own, which the replies carry too. Repeatable.")
    private Map<String, String> headers = new LinkedHashMap<>();

    /**
     * Adds a problem for each option with a wrong value.
     *
     * @param timeout the time in which the requests have to be answered
     */
    public void check(Duration timeout, List<String> problems) {
        if (notBefore != null && !notBefore.instant().isBefore(Instant.now().plus(timeout))) {
            problems.add(OptionError.of(
                    "--not-before", "within --timeout (" + Durations.format(timeout) + ")", notBefore.instant()));
        }
        try {
            ChatRequest unused =
                    addTo(ChatRequest.builder().model("m").user("?")).build();
        } catch (InvalidChatRequestException e) {
            e.problems().forEach(problem -> problems.add(describe(problem)));
        }
    }

    /** Names the option instead of the header. */
    private static String describe(InvalidChatRequestException.Problem problem) {
        String option = switch (problem.field()) {
            case WireHeaders.TENANT -> "--tenant";
            case WireHeaders.GROUP -> "--request-group";
            case WireHeaders.NOT_BEFORE -> "--not-before";
            case WireHeaders.CACHE -> "--cache-for";
            default -> "--header";
        };
        return option + ": " + problem.remedy() + ", is " + problem.found();
    }

    /** Returns the priority of the requests. */
    public Priority priority() {
        return express ? Priority.EXPRESS : Priority.NORMAL;
    }

    /** Adds what the options say to a request, and returns its builder. */
    public <B extends RequestEnvelopeBuilder<B>> B addTo(B request) {
        if (tenant != null) {
            request.tenant(tenant);
        }
        if (requestGroup != null) {
            request.group(requestGroup);
        }
        if (notBefore != null) {
            request.notBefore(notBefore.instant());
        }
        if (cacheFor != null) {
            request.cacheFor(cacheFor);
        }
        request.priority(priority());
        headers.forEach(request::header);
        return request;
    }
}
