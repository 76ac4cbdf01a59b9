package dev.sluice.worker.pace;

import dev.sluice.worker.intake.Request;

/**
 * A call under way.
 *
 * @param lane where it came from: by now its model may have got another one
 * @param at when it was sent, in nanoseconds of the pace's clock
 * @param departure told when it has left
 * @param requests what it took from the budget of requests
 * @param tokens likewise of tokens
 */
record InFlightCall(
        Lane lane, Request request, long at, ConnectingCalls.Departure departure, Charge requests, Charge tokens) {}
