package dev.sluice.trials.bench;

import java.util.SplittableRandom;
import java.util.function.IntFunction;

/** Makes the bodies of requests from their numbers. They are the same in every run. */
final class RequestBodies {
    /** The model of all bodies that are not made for another one. */
    static final String MODEL = "openai/gpt-oss-20b";

    private static final String FILLER = " and the water goes on turning the wheel";
    private static final String QUESTION = ": what turns a mill?";
    private static final int SHORTEST = 20;
    private static final int LONGEST = 1_200;

    private RequestBodies() {}

    static String small(int number) {
        return body(RequestTimes.id(number) + QUESTION);
    }

    /** Returns a function that makes small bodies of this model. */
    static IntFunction<String> smallOf(String model) {
        return number -> body(model, RequestTimes.id(number) + QUESTION);
    }

    /** Returns a small body without a number. */
    static String anonymous() {
        return anonymous(MODEL);
    }

    static String anonymous(String model) {
        return body(model, "one of many" + QUESTION);
    }

    /** Returns a body to which the stand-in answers 429 at its first call, with that many seconds to wait. */
    static String rejectedOnce(int number, int reset) {
        return body(RequestTimes.id(number) + " [stand-in: status=429 reset=" + reset + " times=1]");
    }

    /** Returns a body to which the stand-in answers 503 at its first call, with that many seconds to wait. */
    static String failedOnce(int number, int retryAfter) {
        return body(RequestTimes.id(number) + " [stand-in: status=503 retry-after=" + retryAfter + " times=1]");
    }

    /** Returns a body of another model, whose calls are never answered. */
    static String hanging(int number) {
        return body("hanging-model", RequestTimes.id(number) + " [stand-in: hang]");
    }

    /** Returns a body with a text of 20 to 1,200 characters. Each length is equally likely. */
    static String mixed(int number) {
        int length = new SplittableRandom(number).nextInt(SHORTEST, LONGEST + 1);
        String text = RequestTimes.id(number) + ":" + FILLER.repeat(LONGEST / FILLER.length() + 1);
        return body(text.substring(0, length));
    }

    /** Returns a body of that many bytes, or of a few more if it cannot be that small. */
    static String sized(int number, int bytes) {
        return sized(MODEL, number, bytes);
    }

    /** Returns a body of this model and size. */
    static String sized(String model, int number, int bytes) {
        String text = RequestTimes.id(number) + ":";
        int missing = Math.max(0, bytes - body(model, text).length());
        return body(model, text + FILLER.repeat(missing / FILLER.length() + 1).substring(0, missing));
    }

    private static String body(String text) {
        return body(MODEL, text);
    }

    private static String body(String model, String text) {
        return "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}";
    }
}
