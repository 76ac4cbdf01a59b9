package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.Locale;

/** A client that sends what it is told, byte for byte. Not thread-safe. */
final class RawConnection implements AutoCloseable {
    private static final int TIMEOUT_MILLIS = 10_000;

    private final Socket socket;
    private final InputStream in;

    RawConnection(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        in = socket.getInputStream();
    }

    RawConnection send(String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(UTF_8));
        return this;
    }

    /** Sends a chat request with these headers, each with its line end. */
    RawConnection post(String headers, String body) throws IOException {
        return send("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + "Content-Length: " + body.getBytes(UTF_8).length + "\r\n" + headers + "\r\n" + body);
    }

    /** Reads the status line and the headers, in lower case. */
    String head() throws IOException {
        return until("\r\n\r\n").toLowerCase(Locale.ROOT);
    }

    /** Reads up to this text, or to the end of the connection. */
    String until(String end) throws IOException {
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        int next = 0;
        while (!read.toString(ISO_8859_1).endsWith(end) && next >= 0) {
            next = in.read();
            if (next >= 0) {
                read.write(next);
            }
        }
        return read.toString(UTF_8);
    }

    /** Reads so many bytes, or to the end of the connection. */
    String bytes(int count) throws IOException {
        return new String(in.readNBytes(count), UTF_8);
    }

    /** Reads to the end of the connection. */
    String rest() throws IOException {
        return new String(in.readAllBytes(), UTF_8);
    }

    /** Returns true if the connection ends with a reset, and false if it ends as after a whole answer. */
    boolean isReset() throws IOException {
        try {
            in.readAllBytes();
            return false;
        } catch (SocketException e) {
            return true;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
