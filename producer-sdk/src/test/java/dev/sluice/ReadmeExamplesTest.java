package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.InMemoryChatQueue;
import dev.sluice.wire.CancelMark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Compiles the Java examples of the READMEs and runs the ones that need no broker. The examples stand here between
 * {@code // tag} and {@code // end}. The examples for Spring Boot are in the examples module, which runs them.
 */
class ReadmeExamplesTest {
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```java\\n(.*?)^```$");
    private static final Pattern TAGGED = Pattern.compile("(?ms)^ *// tag [a-z]+\\n(.*?)^ *// end$");

    @Test
    void readmesShowWhatIsCompiledHere() throws IOException {
        Path module = Path.of(System.getProperty("basedir", ""));
        Path self = module.resolve("src/test/java/dev/sluice/ReadmeExamplesTest.java");
        Path spring =
                module.resolve("../scripts/examples/src/main/java/dev/sluice/examples/spring/ChatConfiguration.java");

        List<String> shown = regions(BLOCK, module.resolve("README.md"));
        List<String> shownFirst = regions(BLOCK, module.resolve("../README.md"));
        List<String> compiled = new ArrayList<>(regions(TAGGED, self));
        compiled.addAll(regions(TAGGED, spring));

        assertThat(shown).isNotEmpty().isEqualTo(compiled);
        assertThat(compiled).containsAll(shownFirst);
    }

    @Test
    void publishedRequestHasAnId() {
        InMemoryChatQueue queue = InMemoryChatQueue.answering(request -> "unused");

        assertThat(publish(queue).id()).isNotBlank();

        assertThat(queue.requests().get(0).tenant()).contains("team-a");
    }

    @Test
    void askedRequestIsAnswered() {
        ChatRequest request = ChatRequest.builder().model("m").user("Hi").build();

        assertThat(ask(InMemoryChatQueue.answering(asked -> "Hello!"), request)).isEqualTo("Hello!");
    }

    @Test
    void serviceIsTestedWithoutKafka() {
        inMemory();
    }

    private static Receipt publish(ChatQueue queue) {
        // tag publish
        ChatRequest request = ChatRequest.builder()
                .model("openai/gpt-oss-20b")
                .system("Answer in one sentence.")
                .user("Why is the sky blue?")
                .maxTokens(500)
                .tenant("team-a")
                .build();
        Receipt receipt = queue.submit(request).join();
        // end
        return receipt;
    }

    private static String ask(ChatQueue queue, ChatRequest request) {
        // tag ask
        ChatReply reply = queue.ask(request, Duration.ofMinutes(2)).join();
        String answer = reply.ok() ? reply.text() : "failed: " + reply.reason().orElse("unknown");
        // end
        return answer;
    }

    @Test
    void streamEndsWithTheReply() {
        InMemoryChatQueue queue = InMemoryChatQueue.answering(asked -> "Hello!");

        assertThat(stream(queue, ChatRequest.builder().model("m").user("Hi").build())
                        .text())
                .isEqualTo("Hello!");
    }

    @SuppressWarnings("SystemOut")
    private static ChatReply stream(ChatQueue queue, ChatRequest request) {
        // tag stream
        ChatReply reply = queue.stream(request, Duration.ofMinutes(2))
                .forEach(piece -> System.out.print(piece.text()))
                .join();
        // end
        return reply;
    }

    @Test
    void expressRequestIsAnswered() {
        InMemoryChatQueue queue = InMemoryChatQueue.answering(asked -> "Hello!");

        assertThat(askExpress(queue).text()).isEqualTo("Hello!");
        assertThat(queue.requests().get(0).priority()).isEqualTo(Priority.EXPRESS);
    }

    private static ChatReply askExpress(ChatQueue queue) {
        // tag express
        ChatRequest request = ChatRequest.builder()
                .model("openai/gpt-oss-20b")
                .user("Why is the sky blue?")
                .priority(Priority.EXPRESS)
                .build();
        ChatReply reply = queue.ask(request, Duration.ofSeconds(30)).join();
        // end
        return reply;
    }

    /** Is only compiled, because it needs a broker. ReplyConsumerIT runs similar code. */
    static ReplyConsumer read() {
        // tag read
        ReplyConsumer replies = ReplyConsumer.builder()
                .bootstrapServers("localhost:9092")
                .group("billing")
                .handler(reply -> book(reply.id(), reply.usage()))
                .start();
        // end
        return replies;
    }

    /** Is only compiled, because it needs a broker. */
    static String connect() {
        // tag connect
        try (ChatQueue queue = ChatQueue.connect("localhost:9092")) {
            ChatRequest request = ChatRequest.ofJson("""
                    {"model":"openai/gpt-oss-20b","messages":[{"role":"user","content":"Hello!"}]}""");
            return queue.ask(request).join().orThrow().text();
        }
        // end
    }

    @Test
    void requestsAreCancelled() {
        InMemoryChatQueue queue = InMemoryChatQueue.answering(asked -> "unused");

        cancel(queue);

        assertThat(queue.cancelled()).containsExactly(CancelMark.ofId("id-0"), CancelMark.ofGroup("nightly-42"));
        assertThat(queue.requests().get(0).group()).contains("nightly-42");
    }

    private static void cancel(ChatQueue queue) {
        // tag cancel
        ChatRequest request = ChatRequest.builder()
                .model("openai/gpt-oss-20b")
                .user("Why is the sky blue?")
                .group("nightly-42")
                .build();
        Receipt receipt = queue.submit(request).join();
        queue.cancel(receipt.id()).join();
        queue.cancelGroup("nightly-42").join();
        // end
    }

    private static void inMemory() {
        // tag testing
        InMemoryChatQueue queue = InMemoryChatQueue.answering(request -> "Hello!");
        new Greeter(queue).greet("Ada");
        assertThat(queue.requests()).hasSize(1);
        // end
    }

    private static void book(String id, Optional<Usage> usage) {
        assertThat(id).isNotNull();
        assertThat(usage).isNotNull();
    }

    /** The service of the example. */
    private record Greeter(ChatQueue queue) {
        void greet(String name) {
            ChatRequest request =
                    ChatRequest.builder().model("m").user("Greet " + name).build();
            assertThat(queue.ask(request).join().text()).isNotEmpty();
        }
    }

    private static List<String> regions(Pattern pattern, Path file) throws IOException {
        List<String> regions = new ArrayList<>();
        Matcher matcher = pattern.matcher(Files.readString(file));
        while (matcher.find()) {
            regions.add(matcher.group(1).stripTrailing().stripIndent());
        }
        return regions;
    }
}
