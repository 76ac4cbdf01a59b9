package dev.sluice.trials.bench;

import java.util.SplittableRandom;

/** Bodies of requests by their numbers: the same in every run. */
final class PacedBodies {
    static final String MODEL = "openai/gpt-oss-20b";
    private static final String FILLER = " and the water goes on turning the wheel";
    private static final int SHORTEST = 20;
    private static final int LONGEST = 1_200;

    private PacedBodies() {}

    static String small(int number) {
        return small(MODEL, number);
    }

    static String small(String model, int number) {
        return body(model, RequestTimes.id(number) + ": what turns a mill?");
    }

    /** Always a 500. */
    static String poisonous(int number) {
        return body(MODEL, RequestTimes.id(number) + " [stand-in: status=500]");
    }

    /** At its first call a 429, with a wait in seconds. */
    static String refusedOnce(int number, int reset) {
        return body(MODEL, RequestTimes.id(number) + " [stand-in: status=429 reset=" + reset + " times=1]");
    }

    /** A text of 20 to 1,200 characters, each length as likely as any other. */
    static String mixed(int number) {
        int length = new SplittableRandom(number).nextInt(SHORTEST, LONGEST + 1);
        String text = RequestTimes.id(number) + ":" + FILLER.repeat(LONGEST / FILLER.length() + 1);
        return body(MODEL, text.substring(0, length));
    }

    /** The whole body has so many bytes, or a few more where that is too little for it. */
    static String sized(int number, int bytes) {
        String text = RequestTimes.id(number) + ":";
        int missing = Math.max(0, bytes - body(MODEL, text).length());
        return body(MODEL, text + FILLER.repeat(missing / FILLER.length() + 1).substring(0, missing));
    }

    private static String body(String model, String text) {
        return "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}";
    }
}
