package dev.sluice.worker.pace;

import dev.sluice.worker.intake.Request;
import java.util.List;

/**
 * A call in flight.
 *
 * @param lane the lane that the request came from; its model may have another lane by now
 * @param startedAt the start of the call, in nanoseconds of the pace's clock
 * @param connecting the call's way to the API; notified when the request is sent
 * @param alone true if the lane had sent nothing else for a second before
 * @param requests the charge to the budget of requests
 * @param tokens the charge to the budget of tokens
 * @param groups the charges to budgets that the lane shares with others
 */
record InFlightCall(
        Lane lane,
        Request request,
        long startedAt,
        ConnectingCalls.ConnectingCall connecting,
        boolean alone,
        Charge requests,
        Charge tokens,
        List<LaneGroup.GroupCharge> groups) {}
