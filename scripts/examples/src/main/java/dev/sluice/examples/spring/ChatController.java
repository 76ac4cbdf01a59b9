package dev.sluice.examples.spring;

import dev.sluice.ChatFailedException;
import dev.sluice.ChatQueue;
import dev.sluice.ChatQueueException;
import dev.sluice.ChatReply;
import dev.sluice.ChatRequest;
import dev.sluice.InvalidChatRequestException;
import dev.sluice.Receipt;
import dev.sluice.ReplyTimeoutException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Answers questions over HTTP, either immediately or as orders whose answers are fetched later. */
@RestController
class ChatController {
    private static final Duration DEADLINE = Duration.ofSeconds(50); // less than spring.mvc.async.request-timeout

    private final ChatQueue queue;
    private final Answers answers;
    private final String model;

    ChatController(ChatQueue queue, Answers answers, @Value("${chat.model}") String model) {
        this.queue = queue;
        this.answers = answers;
        this.model = model;
    }

    /** Answers a question. No thread waits for the reply. */
    @PostMapping("/ask")
    CompletableFuture<String> ask(@RequestBody String question) {
        return queue.ask(request(question), DEADLINE)
                .thenApply(ChatReply::orThrow)
                .thenApply(ChatReply::text);
    }

    @PostMapping("/orders")
    @ResponseStatus(HttpStatus.ACCEPTED)
    CompletableFuture<String> order(@RequestBody String question) {
        return queue.submit(request(question)).thenApply(Receipt::id);
    }

    @GetMapping("/orders/{id}")
    ResponseEntity<String> fetch(@PathVariable String id) {
        return ResponseEntity.of(answers.find(id));
    }

    @ExceptionHandler
    ResponseEntity<String> failed(ChatFailedException e) {
        return ResponseEntity.status(HttpStatus.BAD_GATEWAY).body(e.getMessage());
    }

    @ExceptionHandler
    ResponseEntity<String> late(ReplyTimeoutException e) {
        return ResponseEntity.status(HttpStatus.GATEWAY_TIMEOUT).body(e.getMessage());
    }

    @ExceptionHandler
    ResponseEntity<String> unavailable(ChatQueueException e) {
        return ResponseEntity.status(HttpStatus.SERVICE_UNAVAILABLE).body(e.getMessage());
    }

    @ExceptionHandler
    ResponseEntity<String> refused(InvalidChatRequestException e) {
        return ResponseEntity.badRequest().body(e.getMessage());
    }

    private ChatRequest request(String question) {
        return ChatRequest.builder().model(model).user(question).maxTokens(500).build();
    }
}
