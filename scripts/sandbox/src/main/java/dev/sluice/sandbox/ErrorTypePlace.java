package dev.sluice.sandbox;

/**
 * The place where an error body repeats its type as {@code error_type}. Both places have been seen in the API's
 * answers.
 */
public enum ErrorTypePlace {
    /** The type is inside the error: {@code {"error":{…,"error_type":…}}}. */
    INSIDE,
    /** The type is beside the error: {@code {"error":{…},"error_type":…}}. */
    BESIDE,
    /** The type is not repeated. */
    ABSENT
}
