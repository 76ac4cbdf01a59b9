package dev.sluice.worker.outcome;

import dev.sluice.worker.pace.FailureKind;
import dev.sluice.worker.pace.LaneEvidence;
import dev.sluice.worker.pace.OtherCalls;
import java.util.Optional;
import java.util.OptionalDouble;

/** Evidence as a test sets it. Every {@code with} method returns a changed copy. */
record FakeEvidence(
        boolean isStopped, OptionalDouble share, boolean isOfThisLane, boolean apiWorks, boolean wasSentAlone)
        implements LaneEvidence {
    /** A lane that has had no other calls, at a worker that has not seen the API work. */
    static final FakeEvidence NONE = new FakeEvidence(false, OptionalDouble.empty(), false, false, false);

    /** A flowing lane, in which this share of other requests' calls fails in any way. */
    static FakeEvidence failing(double share) {
        return new FakeEvidence(false, OptionalDouble.of(share), true, true, false);
    }

    FakeEvidence withLaneStopped() {
        return new FakeEvidence(true, share, isOfThisLane, apiWorks, wasSentAlone);
    }

    FakeEvidence fromOtherLanes() {
        return new FakeEvidence(isStopped, share, false, apiWorks, wasSentAlone);
    }

    FakeEvidence withApiWorking(boolean works) {
        return new FakeEvidence(isStopped, share, isOfThisLane, works, wasSentAlone);
    }

    FakeEvidence withCallSentAlone() {
        return new FakeEvidence(isStopped, share, isOfThisLane, apiWorks, true);
    }

    @Override
    public Optional<OtherCalls> others(FailureKind kind) {
        return share.isPresent() ? Optional.of(new OtherCalls(share.getAsDouble(), isOfThisLane)) : Optional.empty();
    }
}
