package dev.sluice.examples.openai;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.errors.OpenAIServiceException;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Asks many questions at once with OpenAI's own client and its defaults, and counts the answers by status. Only the
 * base URL says whether that is the API or an HTTP door.
 *
 * <pre>
 * OpenAiLoop http://localhost:8080/v1 openai/gpt-oss-20b 100
 * </pre>
 */
public final class OpenAiLoop {
    private static final int ANSWERED = 200;

    private OpenAiLoop() {}

    /**
     * Asks the questions. The key is in {@code OPENAI_API_KEY}.
     *
     * @param args the base URL, the model, and how many questions to ask
     */
    public static void main(String[] args) throws Exception {
        OpenAIClient client = OpenAIOkHttpClient.builder()
                .baseUrl(args[0])
                .apiKey(System.getenv().getOrDefault("OPENAI_API_KEY", "any"))
                .build();
        try {
            System.out.println(ask(client, args[1], Integer.parseInt(args[2])));
        } finally {
            client.close();
        }
    }

    /** Returns how many questions ended with which status, such as {@code {200=60, 429=40}}. */
    static Map<Integer, Integer> ask(OpenAIClient client, String model, int questions)
            throws InterruptedException, ExecutionException {
        ExecutorService threads = Executors.newFixedThreadPool(questions);
        try {
            List<Future<Integer>> asked = new ArrayList<>();
            for (int i = 1; i <= questions; i++) {
                ChatCompletionCreateParams question = ChatCompletionCreateParams.builder()
                        .model(model)
                        .addUserMessage("What is special about the number " + i + "?")
                        .build();
                asked.add(threads.submit(() -> status(client, question)));
            }
            Map<Integer, Integer> ended = new TreeMap<>();
            for (Future<Integer> each : asked) {
                ended.merge(each.get(), 1, Integer::sum);
            }
            return ended;
        } finally {
            threads.shutdownNow();
        }
    }

    private static int status(OpenAIClient client, ChatCompletionCreateParams question) {
        try {
            client.chat().completions().create(question);
            return ANSWERED;
        } catch (OpenAIServiceException e) {
            return e.statusCode();
        }
    }
}
