package dev.sluice.sandbox;

/** Where an error body repeats its type as {@code error_type}; both places have been seen. */
public enum ErrorTypePlace {
    /** {@code {"error":{…,"error_type":…}}}. */
    INSIDE,
    /** {@code {"error":{…},"error_type":…}}. */
    BESIDE,
    /** Nowhere. */
    ABSENT
}
