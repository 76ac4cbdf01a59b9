package dev.sluice.worker.cli.command;

/** The version of this program. */
public final class Version {
    private Version() {}

    /** Returns the version in the jar's manifest. Classes that run from a folder have none. */
    public static String current() {
        String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "(not packaged)" : version;
    }
}
