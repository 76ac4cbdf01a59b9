// Connects to the console's events, and says how fresh what is shown is.
import * as letters from "./letters.js";
import * as now from "./now.js";
import * as plots from "./plots.js";
import * as words from "./words.js";

const STALE_MILLIS = 12000;
const byId = (id) => document.getElementById(id);
let heard = null;
let read = null;
let problem = null;
let connected = false;

function link() {
  const silent = heard != null && performance.now() - heard > STALE_MILLIS;
  const state = connected && !silent && !problem ? "live" : heard == null && !silent ? "connecting" : "stale";
  document.body.dataset.link = state;
  byId("link-word").textContent = { live: "Live", connecting: "Connecting", stale: "Not live" }[state];
  byId("link-time").textContent = read ? words.time(read) : "";
  const why = !connected ? "The console does not answer, and is asked again and again. Is it running?"
    : problem ? "Kafka is asked again and again." : "The console has said nothing for a while.";
  byId("stale").hidden = state !== "stale";
  byId("stale").textContent = state !== "stale" ? ""
    : read ? `${why} What is below was so at ${words.time(read)}.` : why;
}

/** Shows the page that the address names. */
function turn() {
  const isLetters = location.hash === "#dead-letters";
  byId("page-now").hidden = isLetters;
  byId("page-letters").hidden = !isLetters;
  byId(isLetters ? "tab-letters" : "tab-now").setAttribute("aria-current", "page");
  byId(isLetters ? "tab-now" : "tab-letters").removeAttribute("aria-current");
  if (isLetters) {
    letters.enter();
  } else {
    plots.resize(); // a page that is hidden has no width
  }
}

plots.start();
addEventListener("hashchange", turn);
turn();
const events = new EventSource("events");
events.addEventListener("open", () => {
  connected = true;
  link();
});
events.addEventListener("error", () => {
  connected = false;
  heard ??= performance.now();
  link();
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
setInterval(link, 1000);
