package dev.sluice.sandbox;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * Measures the throughput of a stand-in. The arguments are {@code BASE_URL CONNECTIONS SECONDS}. It uses plain sockets,
 * so that it costs the machine little itself. It prints requests per second after a warm-up of the same length.
 */
final class StandInLoad {
    private final URI baseUrl;
    private final byte[] request;
    private final LongAdder answers = new LongAdder();

    private StandInLoad(String baseUrl) {
        this.baseUrl = URI.create(baseUrl);
        byte[] body = StandInClient.body("How deep is the lock at the end of the canal?")
                .toString()
                .getBytes(StandardCharsets.UTF_8);
        String head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nUser-Agent: load\r\n"
                + "Authorization: Bearer key\r\nContent-Type: application/json\r\nContent-Length: " + body.length
                + "\r\n\r\n";
        this.request = (head + new String(body, StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8);
    }

    public static void main(String[] args) throws InterruptedException {
        StandInLoad load = new StandInLoad(args[0]);
        int seconds = Integer.parseInt(args[2]);
        load.run(Integer.parseInt(args[1]), seconds);
        load.answers.reset();
        load.run(Integer.parseInt(args[1]), seconds);
        System.out.println(load.answers.sum() / seconds + " requests/s");
    }

    private void run(int connections, int seconds) throws InterruptedException {
        ExecutorService threads = Executors.newFixedThreadPool(connections);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        for (int i = 0; i < connections; i++) {
            threads.execute(() -> call(end));
        }
        threads.shutdown();
        if (!threads.awaitTermination(seconds + 60L, TimeUnit.SECONDS)) {
            throw new IllegalStateException("the stand-in has stopped answering");
        }
    }

    private void call(long end) {
        try (Socket socket = new Socket(InetAddress.getByName(baseUrl.getHost()), baseUrl.getPort())) {
            socket.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(socket.getInputStream());
            while (System.nanoTime() < end) {
                socket.getOutputStream().write(request);
                skipAnswer(in);
                answers.increment();
            }
        } catch (IOException e) {
            throw new IllegalStateException("a connection failed", e);
        }
    }

    private static void skipAnswer(InputStream in) throws IOException {
        int length = 0;
        String line = line(in);
        if (!line.contains(" 200 ")) {
            throw new IOException("unexpected: " + line);
        }
        while (!line.isEmpty()) {
            if (line.regionMatches(true, 0, "content-length: ", 0, 16)) {
                length = Integer.parseInt(line.substring(16));
            }
            line = line(in);
        }
        in.skipNBytes(length);
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int character = in.read(); character != '\n'; character = in.read()) {
            if (character < 0) {
                throw new IOException("cut");
            }
            if (character != '\r') {
                line.append((char) character);
            }
        }
        return line.toString();
    }
}
