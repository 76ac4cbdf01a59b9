package dev.sluice.worker.cli.dlq;

import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.cli.command.Logging;
import dev.sluice.worker.cli.command.Subcommand;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.command.TextTable;
import dev.sluice.worker.cli.connection.KafkaOptions;
import dev.sluice.worker.cli.options.Instants;
import dev.sluice.worker.cli.options.OptionNames;
import dev.sluice.worker.deadletters.DeadLetter;
import dev.sluice.worker.deadletters.DeadLetterFilter;
import dev.sluice.worker.deadletters.DeadLetterJson;
import dev.sluice.worker.deadletters.DeadLetterTopic;
import dev.sluice.worker.deadletters.ReplayMark;
import dev.sluice.worker.text.PrintableText;
import java.io.PrintStream;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.kafka.common.header.Header;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command {@code sluice dlq show}. */
@Command(
        name = "show",
        abbreviateSynopsis = true,
        sortOptions = false,
        description = {
            "Show the dead letters of one request: history, headers and body. A request that was replayed and died "
                    + "again has several; the oldest comes first.",
            "Exits with 1 where there is none."
        })
public final class DlqShowCommand implements Subcommand {
    // producers choose the ids, and one may use the same id for all of its requests
    private static final int MAX_LETTERS = 20;

    private static final int MAX_HEADER_LENGTH = 1_000;

    private final Terminal terminal;

    @Parameters(paramLabel = "ID", description = "The request's id (header sluice-id).")
    private String id = "";

    @Option(
            names = "--json",
            defaultValue = "false",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "Print one JSON object per letter, on a line of its own.")
    private boolean json;

    @Mixin
    private KafkaOptions kafka = new KafkaOptions();

    private int found;

    public DlqShowCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void check(List<String> problems) {
        Logging.forClient();
        kafka.check(problems);
    }

    @Override
    public int run() throws InterruptedException {
        DeadLetterOpener opener = new DeadLetterOpener(terminal, "sluice dlq show", kafka);
        return opener.run(topic -> show(opener, topic));
    }

    private int show(DeadLetterOpener opener, DeadLetterTopic topic) throws InterruptedException {
        Deque<DeadLetter> latest = latest(opener, topic);
        if (latest.isEmpty()) {
            return opener.fail("no dead letter has the id '" + PrintableText.line(id, WireHeaders.MAX_TEXT_BYTES)
                    + "'; 'sluice dlq list --letters 20' shows some");
        }
        if (found > latest.size()) {
            terminal.err().println("the latest " + latest.size() + " of " + found + " letters with this id:");
        }
        Map<String, ReplayMark> marks = topic.marksOf(latest, opener.progress());
        for (DeadLetter letter : latest) {
            Optional<ReplayMark> replayed = Optional.ofNullable(marks.get(letter.position()));
            if (json) {
                terminal.out().println(DeadLetterJson.letter(letter, replayed));
            } else {
                print(letter, replayed);
            }
        }
        return 0;
    }

    private Deque<DeadLetter> latest(DeadLetterOpener opener, DeadLetterTopic topic) {
        DeadLetterFilter filter = DeadLetterFilter.ofId(id);
        Deque<DeadLetter> latest = new ArrayDeque<>();
        topic.readLetters(
                letter -> {
                    if (filter.matches(letter)) {
                        found++;
                        latest.add(letter);
                    }
                    if (latest.size() > MAX_LETTERS) {
                        latest.remove();
                    }
                    return true;
                },
                opener.progress());
        return latest;
    }

    private void print(DeadLetter letter, Optional<ReplayMark> replayed) {
        printHistory(letter, replayed);
        printHeaders(letter);
        printBody(letter);
        terminal.out().println();
    }

    private void printHistory(DeadLetter letter, Optional<ReplayMark> replayed) {
        TextTable history = new TextTable("id", PrintableText.line(letter.id(), MAX_HEADER_LENGTH));
        history.row("position", letter.position());
        history.row("died", when(letter.diedAt()));
        history.row("reason", header(letter, WireHeaders.REASON));
        history.row("http status", header(letter, WireHeaders.HTTP_STATUS));
        history.row("last error", header(letter, WireHeaders.LAST_ERROR));
        history.row("message", header(letter, WireHeaders.ERROR_MESSAGE));
        history.row("error type", header(letter, WireHeaders.ERROR_TYPE));
        history.row("error code", header(letter, WireHeaders.ERROR_CODE));
        history.row("error param", header(letter, WireHeaders.ERROR_PARAM));
        history.row("attempts", header(letter, WireHeaders.ATTEMPTS));
        history.row("deferrals", header(letter, WireHeaders.DEFERRALS));
        history.row("enqueued", enqueued(letter));
        history.row("origin", header(letter, WireHeaders.ORIGIN));
        history.row("replays before", letter.replays());
        history.row("replayed", replayed.map(DlqShowCommand::replayed).orElse("no"));
        String key =
                Objects.requireNonNullElse(DeadLetterJson.text(letter.record().key()), "-");
        history.row("key", PrintableText.line(key, MAX_HEADER_LENGTH));
        history.print(terminal.out());
    }

    private static String replayed(ReplayMark mark) {
        String person = mark.person().isEmpty() ? "" : " by " + PrintableText.line(mark.person(), MAX_HEADER_LENGTH);
        return "yes," + person + " at " + when(mark.at());
    }

    private void printHeaders(DeadLetter letter) {
        PrintStream out = terminal.out();
        out.println("headers");
        for (Header header : letter.record().headers()) {
            String value = Objects.requireNonNullElse(DeadLetterJson.text(header.value()), "(null)");
            out.println("  " + PrintableText.line(header.key(), MAX_HEADER_LENGTH) + ": "
                    + PrintableText.line(value, MAX_HEADER_LENGTH));
        }
    }

    private void printBody(DeadLetter letter) {
        byte[] body = letter.record().value();
        if (body == null) {
            terminal.out().println("no body: the letter only says, in its origin, where the request lies");
        } else {
            terminal.out().println("body, " + body.length + " bytes");
            terminal.out().println(PrintableText.text(Objects.requireNonNull(DeadLetterJson.text(body))));
        }
    }

    private static String header(DeadLetter letter, String name) {
        return letter.header(name)
                .map(text -> PrintableText.line(text, MAX_HEADER_LENGTH))
                .orElse("-");
    }

    private static String enqueued(DeadLetter letter) {
        try {
            return when(Instant.ofEpochMilli(WireHeaders.number(letter.record().headers(), WireHeaders.ENQUEUED_AT)
                    .orElseThrow(IllegalArgumentException::new)));
        } catch (IllegalArgumentException notANumber) {
            return header(letter, WireHeaders.ENQUEUED_AT);
        }
    }

    private static String when(Instant instant) {
        return instant + ", " + Instants.ago(instant, Instant.now()) + " ago";
    }
}
