package dev.sluice.worker;

import dev.sluice.sandbox.BrokerSettings;
import dev.sluice.sandbox.SandboxBroker;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A broker of one test class alone, which its tests may stop. Each test finds it running. */
public final class OwnBroker implements BeforeAllCallback, BeforeEachCallback, AfterAllCallback {
    private final Supplier<BrokerSettings> settings;
    private @Nullable SandboxBroker broker;

    public OwnBroker() {
        this(BrokerSettings::defaults);
    }

    /** @param settings asked for before the first test, when static temporary folders are there */
    public OwnBroker(Supplier<BrokerSettings> settings) {
        this.settings = settings;
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        broker = SandboxBroker.start(settings.get());
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        if (!get().isRunning()) {
            get().startAgain();
        }
    }

    @Override
    public void afterAll(ExtensionContext context) {
        if (broker != null) { // its start may have failed
            broker.close();
        }
    }

    public SandboxBroker get() {
        return Objects.requireNonNull(broker);
    }
}
