package dev.sluice.sandbox;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A process that starts a broker, prints its process id and waits to be killed. Its first argument is the data folder.
 * With a second argument it suspends the broker.
 */
final class BrokerParent {

    private BrokerParent() {}

    public static void main(String[] args) throws IOException {
        SandboxBroker broker = SandboxBroker.start(BrokerSettings.defaults().withDataFolder(Path.of(args[0])));
        if (args.length > 1) {
            broker.suspend();
        }
        System.out.println(broker.pid());
        System.in.read();
    }
}
