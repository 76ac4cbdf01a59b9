package dev.sluice.worker;

/**
 * The bundles that a worker owns.
 *
 * @param width the number of all bundles; 0 while the worker does not know it
 */
record OwnedBundles(int owned, int width) {
    static final OwnedBundles NONE = new OwnedBundles(0, 0);
}
