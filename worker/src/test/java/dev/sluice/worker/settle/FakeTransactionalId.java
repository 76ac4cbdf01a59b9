package dev.sluice.worker.settle;

/** A transactional id whose transactions end when its test says so. Not thread-safe. */
public final class FakeTransactionalId implements Transactions.Id {
    private int endingFor;
    private int changes;

    /** Answers that many questions with yes, unless the id is changed before. */
    void isEndingFor(int questions) {
        endingFor = questions;
    }

    int changes() {
        return changes;
    }

    @Override
    public boolean isEnding() {
        return endingFor-- > 0;
    }

    @Override
    public void change() {
        changes++;
        endingFor = 0;
    }
}
