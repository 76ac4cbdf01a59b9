package dev.sluice.sandbox;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A process that starts a broker with data in its first argument, suspends it if there is a second one, writes the
 * broker's process id and waits to be killed.
 */
final class BrokerHolder {

    private BrokerHolder() {}

    public static void main(String[] args) throws IOException {
        SandboxBroker broker = SandboxBroker.start(BrokerSettings.defaults().withDataFolder(Path.of(args[0])));
        if (args.length > 1) {
            broker.suspend();
        }
        System.out.println(broker.pid());
        System.in.read();
    }
}
