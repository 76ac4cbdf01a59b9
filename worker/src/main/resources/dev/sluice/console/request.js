// The page of one request: where it is, and what has happened to it. All text goes in as text.
import * as letters from "./letters.js";
import * as now from "./now.js";
import * as words from "./words.js";
import { Rows, capital, element, text } from "./dom.js";
import { ask } from "./ask.js";

const byId = (id) => document.getElementById(id);
let current = null;

const number = (record, name) => record.headers[name] == null ? null : Number(record.headers[name]);
const iso = (millis) => new Date(millis).toISOString();

/** What a worker has noted of the calls so far. */
function calls(record) {
  const [attempts, deferrals] = [number(record, "sluice-attempts") ?? 0, number(record, "sluice-deferrals") ?? 0];
  return [attempts > 0 ? `${words.plural(attempts, "call")} failed` : "",
    deferrals > 0 ? `put off ${deferrals === 1 ? "once" : `${words.count(deferrals)} times`}` : "",
    record.headers["sluice-last-error"] ? `last: ${record.headers["sluice-last-error"]}` : ""]
    .filter((part) => part).join(", ");
}

function reason(record) {
  return [record.headers["sluice-reason"], record.headers["sluice-http-status"]].filter((part) => part).join(", ");
}

/** Says what has become of the request, and why. */
function verdict(found) {
  const open = found.records.find((record) => record.open);
  const reply = found.records.find((record) => record.kind === "reply");
  const letter = found.records.find((record) => record.kind === "dead_letter");
  const known = open && calls(open);
  switch (found.state) {
    case "waiting":
      return ["good", "It waits", `In ${open.topic}, since ${words.moment(iso(number(open, "sluice-enqueued-at")
        ?? Date.parse(open.at)))}${known ? `; ${known}` : ""}. ${now.why(open.model)}`];
    case "delayed":
      return ["good", "It waits until it is due", `Not called before ${words.moment(
        iso(number(open, "sluice-not-before")))}${known ? `; ${known}` : ""}. It lies in ${open.topic}.`];
    case "answered": {
      const [queued, called] = [number(reply, "sluice-queued-ms"), number(reply, "sluice-call-ms")];
      return ["good", "It was answered", `${words.moment(reply.at)}`
        + (queued == null ? "" : `, after ${words.duration(queued)} in the queue`)
        + (called == null ? "" : ` and a call of ${words.seconds(called)}`) + `. The reply is in ${reply.topic}.`];
    }
    case "dead":
      return ["bad", "It failed for good", `${words.moment(letter.at)}: ${reason(letter)}${
        calls(letter) ? `; ${calls(letter)}` : ""}. Its dead letter can be looked at and replayed.`];
    case "failed":
      return ["warn", reply.headers["sluice-reason"] === "cancelled" ? "It was cancelled" : "It ended without an answer",
        `${words.moment(reply.at)}: ${reason(reply)}. It has no dead letter.`];
    case "ended":
      return ["warn", "It has ended", "Its reply is no longer kept, or lies in a topic that is not read here."];
    default:
      return ["none", "No record has this id", "Is the id right? What is older than the topics' retention is gone."];
  }
}

const KINDS = { request: "Request", reply: "Reply", dead_letter: "Dead letter" };

function what(record) {
  const state = record.headers["sluice-status"];
  if (record.kind === "reply") {
    return state === "ok" ? "Answered" : `Failed: ${reason(record)}`;
  }
  if (record.kind === "dead_letter") {
    return `Dead: ${reason(record)}`;
  }
  const replays = number(record, "sluice-replays");
  return [replays > 0 ? `replayed ${replays === 1 ? "once" : `${replays} times`}` : "", calls(record),
    record.open ? "waits here" : "done"].filter((part) => part).join("; ");
}

const rows = new Rows(byId("trace-table"), () => {
  const [kind, model] = [element("span", "name"), element("span", "sub")];
  const head = element("th", "", kind, model);
  head.scope = "row";
  const [at, note, place] = [element("td"), element("td", "why"), element("td", "name-cell")];
  return { node: element("tr", "", head, at, note, place), show(record) {
    text(kind, KINDS[record.kind]);
    text(model, [record.model, record.headers["sluice-tenant"]].filter((part) => part).join(", "));
    text(at, words.moment(record.at));
    text(note, capital(what(record)));
    text(place, record.position);
  } };
});

function show(found, isWhole) {
  const hasFound = found.records.length > 0;
  const [level, word, more] = hasFound || isWhole ? verdict(found) : ["none", "Looking for it", ""];
  byId("trace").hidden = false;
  byId("trace").dataset.level = level;
  text(byId("trace-word"), word);
  text(byId("trace-more"), [more, ...found.problems.map((problem) => `${capital(problem)}.`),
    found.cut ? "There are more records of this id than are shown." : ""].filter((part) => part).join(" "));
  byId("trace-letters").hidden = !found.records.some((record) => record.kind === "dead_letter");
  byId("trace-letters").dataset.id = found.id;
  byId("trace-table").hidden = !hasFound;
  rows.show(found.records.map((record) => [record.position, record]));
}

async function find(id) {
  current?.abort();
  const mine = current = new AbortController();
  text(byId("find-state"), "Reading the topics, the newest records first");
  byId("trace").hidden = true;
  try {
    const found = await ask("requests/find", { ids: [id] }, byId("find-bar"), mine.signal, (part) => show(part, false));
    text(byId("find-state"), "");
    show(found, true);
  } catch (failure) {
    if (!mine.signal.aborted) {
      text(byId("find-state"), `${capital(failure.message)}.`);
    }
  }
}

/** Shows the page, and looks for the request that the address names. */
export function enter(id) {
  if (id !== "" && byId("find").elements.id.value !== id) {
    byId("find").elements.id.value = id;
    find(id);
  }
}

/** Ends a search, since nobody looks. */
export function leave() {
  if (!byId("find-bar").hidden) {
    current?.abort();
    byId("find-bar").hidden = true;
    text(byId("find-state"), "The search was ended with a look at another page.");
  }
}

byId("find").addEventListener("submit", (event) => {
  event.preventDefault();
  const id = byId("find").elements.id.value.trim();
  if (id !== "") {
    history.replaceState(null, "", `#request=${encodeURIComponent(id)}`);
    find(id);
  }
});
byId("trace-letters").addEventListener("click", (event) => letters.ofRequest(event.target.dataset.id));
