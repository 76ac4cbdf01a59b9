package dev.sluice.worker.text;

/** The version of this program. */
public final class ProgramVersion {
    private ProgramVersion() {}

    /** Returns the version in the jar's manifest. Classes that run from a folder have none. */
    public static String current() {
        String version = ProgramVersion.class.getPackage().getImplementationVersion();
        return version == null ? "(not packaged)" : version;
    }
}
