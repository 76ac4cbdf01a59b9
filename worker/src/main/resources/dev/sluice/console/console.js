// Connects to the console's events, and says how fresh what is shown is.
import * as letters from "./letters.js";
import * as now from "./now.js";
import * as plots from "./plots.js";
import * as request from "./request.js";
import "./tenants.js";
import * as words from "./words.js";
import { capital, text } from "./dom.js";

const STALE_MILLIS = 12000;
const byId = (id) => document.getElementById(id);
let heard = null;
let read = null;
let problem = null;
let connected = false;
let refused = null;

function link() {
  const silent = heard != null && performance.now() - heard > STALE_MILLIS;
  const state = connected && !silent && !problem ? "live" : heard == null && !silent ? "connecting" : "stale";
  if (document.body.dataset.link !== state) {
    document.body.dataset.link = state;
  }
  text(byId("link-word"), { live: "Live", connecting: "Connecting", stale: "Not live" }[state]);
  text(byId("link-time"), read ? words.time(read) : "");
  const why = refused ? `${refused} Load the page anew to sign in.` : !connected
    ? "The console does not answer, and is asked again and again. Is it running?"
    : problem ? "Kafka is asked again and again." : "The console has said nothing for a while.";
  byId("stale").hidden = state !== "stale";
  text(byId("stale"), state !== "stale" ? "" : read ? `${why} What the page Now shows was so at ${words.time(read)}.` : why);
}

const PAGES = ["now", "dead-letters", "request"];

/** Shows the page that the address names. */
function turn() {
  const [name, value] = location.hash.slice(1).split("=", 2);
  const page = PAGES.includes(name) ? name : "now";
  document.body.dataset.page = page;
  PAGES.forEach((each) => {
    byId(`page-${each}`).hidden = each !== page;
    const tab = byId(`tab-${each}`);
    if (each === page) {
      tab.setAttribute("aria-current", "page");
    } else {
      tab.removeAttribute("aria-current");
    }
  });
  if (page === "now") {
    plots.resize(); // a page that is hidden has no width
  } else if (page === "dead-letters") {
    letters.enter(decoded(value ?? ""));
  } else {
    request.enter(decoded(value ?? ""));
  }
  if (page !== "request") {
    request.leave();
  }
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // somebody has typed a lone %
  }
}

plots.start();
addEventListener("hashchange", turn);
turn();

/** Listens for events. What a proxy answers while the console is away ends them for good, so they are asked for anew. */
function listen() {
  const events = new EventSource("events");
  events.addEventListener("open", () => {
    connected = true;
    refused = null;
    link();
  });
  events.addEventListener("error", () => {
    connected = false;
    heard ??= performance.now();
    link();
    if (events.readyState === EventSource.CLOSED) {
      listenLater();
    }
  });
  events.addEventListener("now", (event) => {
    const state = JSON.parse(event.data);
    heard = performance.now();
    problem = state.problem;
    read = state.status ? Date.parse(state.status.at) : read;
    now.show(state);
    link();
  });
  events.addEventListener("history", (event) => plots.history(JSON.parse(event.data)));
  events.addEventListener("sample", (event) => plots.add(JSON.parse(event.data)));
  events.addEventListener("replay", (event) => letters.showReplay(JSON.parse(event.data)));
}

/** Asks again in a moment, except where this person may look no more: a browser would ask for the password each time. */
async function listenLater() {
  try {
    const answer = await fetch("user");
    refused = answer.status === 401 || answer.status === 403 ? capital(`${(await answer.text()).trim()}.`) : null;
  } catch {
    refused = null; // the console is away
  }
  link();
  if (refused == null) {
    setTimeout(listen, 5000);
  }
}

/** Shows who looks, where that is known, and what this person may not do. */
async function who() {
  const person = await letters.rights();
  const limits = [person.bodies ? "" : "no bodies", person.act ? "" : "no replays"].filter((limit) => limit);
  text(byId("person"), limits.length > 0 ? `${person.name} (${limits.join(", ")})` : person.name);
}

listen();
who();
setInterval(link, 1000);
