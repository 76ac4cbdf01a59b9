package dev.sluice.gateway.files;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;

/** Writes multipart forms as clients do, and as they should not. */
public final class TestForm {
    public static final String BOUNDARY = "----boundary7f3a";
    public static final String CONTENT_TYPE = "multipart/form-data; boundary=" + BOUNDARY;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    public static TestForm batch(byte[] content) {
        return new TestForm().field("purpose", "batch").file("in.jsonl", content);
    }

    public TestForm field(String name, String value) {
        return part("Content-Disposition: form-data; name=\"" + name + "\"", value.getBytes(UTF_8));
    }

    public TestForm file(String filename, byte[] content) {
        return part(
                "Content-Disposition: form-data; name=\"file\"; filename=\"" + filename
                        + "\"\r\nContent-Type: application/octet-stream",
                content);
    }

    public TestForm fileWithoutName(byte[] content) {
        return part("Content-Disposition: form-data; name=\"file\"", content);
    }

    public TestForm part(String head, byte[] content) {
        text("--" + BOUNDARY + "\r\n" + head + "\r\n\r\n");
        bytes.writeBytes(content);
        return text("\r\n");
    }

    public TestForm text(String text) {
        bytes.writeBytes(text.getBytes(UTF_8));
        return this;
    }

    /** Returns the bytes without an end. */
    public byte[] cut() {
        return bytes.toByteArray();
    }

    public byte[] end() {
        text("--" + BOUNDARY + "--\r\n");
        return cut();
    }
}
