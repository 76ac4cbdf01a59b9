// Writes the present state of the queue into the page. All text goes in as text, never as markup.
import { Rows, capital, element, text } from "./dom.js";
import * as words from "./words.js";

const byId = (id) => document.getElementById(id);

/** A bar that says in words what it shows. */
function bar() {
  const fill = element("span", "fill");
  const label = element("span", "bar-label");
  const node = element("div", "use", element("span", "bar", fill), label);
  let shown = null;
  return { node, show(part, words) {
    const width = `${Math.round(100 * Math.min(1, part ?? 0))}%`;
    if (shown !== width) {
      shown = fill.style.width = width;
    }
    node.classList.toggle("without", part == null);
    text(label, words);
  } };
}

function budget(unit, what) {
  return unit.limit == null
    ? `${words.rate(unit.spent)}/s${what}, no limit known`
    : `${words.rate(unit.spent)} of ${words.limit(unit.limit)}${what}, ${unit.source}`;
}

function laneRow() {
  const [name, cause, state] = [element("span", "name"), element("p", "cause"), element("span", "state")];
  const [requests, tokens] = [bar(), bar()];
  const [waiting, inFlight] = [element("td", "number"), element("td", "number")];
  const head = element("th", "", name, cause);
  head.scope = "row";
  const node = element("tr", "", head, element("td", "", state), element("td", "wide", requests.node, tokens.node),
    waiting, inFlight);
  return { node, show(lane) {
    const known = words.STATES[lane.state] ?? { mark: "?", word: lane.state };
    node.dataset.state = lane.state;
    text(name, words.model(lane.model));
    text(cause, words.isStopped(lane) ? `${lane.cause || "no cause was told"}. ${capital(lane.remedy ?? "")}.` : "");
    cause.hidden = !words.isStopped(lane);
    text(state, `${known.mark} ${known.word}`);
    requests.show(lane.requests.limit == null ? null : lane.requests.spent / lane.requests.limit,
      budget(lane.requests, ""));
    tokens.node.hidden = lane.tokens.limit == null;
    tokens.show(lane.tokens.limit == null ? null : lane.tokens.spent / lane.tokens.limit,
      budget(lane.tokens, " tokens"));
    text(waiting, words.count(lane.waiting));
    text(inFlight, words.count(lane.in_flight));
  } };
}

function backlogRow() {
  const [name, topic] = [element("span", "name"), element("span", "sub")];
  const [open, oldest] = [element("td", "number"), element("td", "number")];
  const head = element("th", "", name, topic);
  head.scope = "row";
  const node = element("tr", "", head, open, oldest);
  return { node, show(item) {
    text(name, item.name);
    text(topic, item.topic);
    node.classList.toggle("none", item.open === 0);
    text(open, words.atMost(item));
    text(oldest, words.oldest(item));
  } };
}

function workerRow() {
  const [name, host] = [element("span", "name"), element("span", "sub")];
  const [version, bundles, age] = [element("td"), element("td", "number"), element("td", "number")];
  const memory = bar();
  const head = element("th", "", name, host);
  head.scope = "row";
  const node = element("tr", "", head, version, bundles, element("td", "wide", memory.node), age);
  return { node, show(worker) {
    text(name, worker.name);
    text(host, worker.host);
    text(version, worker.report?.version || "not reported");
    text(bundles, `${worker.bundles} of ${worker.width}`);
    const heap = worker.report?.heap;
    memory.show(heap ? heap.used / heap.max : null,
      heap ? `${words.mebibytes(heap.used)} of ${words.mebibytes(heap.max)} MiB` : "not reported");
    text(age, worker.report ? words.duration(worker.now - Date.parse(worker.report.started)) : "–");
  } };
}

const lanes = new Rows(byId("lanes-table"), laneRow);
const backlog = new Rows(byId("backlog-table"), backlogRow);
const workers = new Rows(byId("workers-table"), workerRow);
const order = { by: "name", down: false };
/** The most models that are shown unasked: what is below them must be found as well. */
const MOST_LANES = 50;
let showsAll = false;
let shown = null;

const alphabet = new Intl.Collator("en");
const ORDERS = {
  name: (one, two) => alphabet.compare(one.model, two.model),
  waiting: (one, two) => one.waiting - two.waiting,
  in_flight: (one, two) => one.in_flight - two.in_flight,
};

function showLanes(status) {
  const wanted = byId("filter").value.trim().toLowerCase();
  const found = wanted === "" ? [...status.lanes]
    : status.lanes.filter((lane) => words.model(lane.model).toLowerCase().includes(wanted));
  const sign = order.down ? -1 : 1;
  // What is stopped comes first, whatever the order: it is what a person looks for.
  found.sort((one, two) => words.isStopped(two) - words.isStopped(one)
    || sign * ORDERS[order.by](one, two) || ORDERS.name(one, two));
  const most = showsAll ? found.length : MOST_LANES;
  lanes.show(found.slice(0, most).map((lane) => [lane.model, lane]));
  byId("lanes-all").hidden = found.length <= most;
  text(byId("lanes-all"), `Show all ${words.plural(found.length, "model")}`);
  byId("lanes-table").hidden = found.length === 0;
  byId("lanes-empty").hidden = found.length > 0;
  text(byId("lanes-empty"), status.lanes.length > 0
    ? "No model that is called, or waits for a call, has this in its name. Its requests may be delayed or dead."
    : status.pool.problem ? `Not known: ${status.pool.problem}.`
      : "No model has anything to do. One appears here with its first request.");
  text(byId("lanes-shown"), wanted ? `${found.length} of ${words.plural(status.lanes.length, "model")}` : "");
  const findable = status.lanes.length > 8 || wanted !== "";
  byId("filter").hidden = byId("filter-label").hidden = !findable;
}

function showWorkers(status) {
  const now = Date.parse(status.at);
  const all = new Map();
  status.workers.forEach((member) => all.set(member.client_id, { name: member.client_id, host: member.host,
    bundles: member.partitions.length, width: status.partitions, now }));
  status.reports.forEach(({ worker, report }) => {
    const known = all.get(worker) ?? { name: worker, bundles: report.bundles, width: report.width, now };
    all.set(worker, { ...known, host: report.host, report });
  });
  workers.show([...all].sort());
  byId("workers-table").hidden = all.size === 0;
  byId("workers-empty").hidden = all.size > 0;
  text(byId("workers-empty"), "No worker runs. Start one with sluice worker.");
  text(byId("workers-hint"), all.size === 0 ? ""
    : `It is safe to stop ${all.size === 1 ? "it" : "any of them"} with SIGTERM: nothing is lost, its calls under way end`
      + ` first, and ${all.size === 1 ? "nothing is called until a worker starts again."
        : "the others take over its bundles."} A kill may repeat calls.`);
}

function showBacklog(status) {
  const items = status.waiting.map((topic) => [topic.topic, { ...topic, name: words.kind(topic.kind) }]);
  items.push([status.dead.topic, { ...status.dead, name: "Dead letters" }]);
  backlog.show(items);
  const exact = items.every(([, topic]) => topic.exact);
  text(byId("backlog-hint"), exact ? "" : "≤ means at most so many: what transactions leave between records counts too.");
}

function showVerdict(verdict) {
  byId("verdict").dataset.level = verdict.level;
  text(byId("verdict-mark"), { good: "✓", warn: "!", bad: "✕", none: "" }[verdict.level]);
  text(byId("verdict-word"), verdict.word);
  text(byId("verdict-more"), verdict.more);
  const most = 5;
  const lines = verdict.troubles.slice(0, most).map((trouble) => [trouble.title, trouble.cause, trouble.remedy,
    trouble.model]);
  if (verdict.troubles.length > most) {
    lines.push([`and ${verdict.troubles.length - most} more`, "", ""]);
  }
  const list = byId("troubles");
  const key = JSON.stringify(lines);
  if (list.dataset.key !== key) {
    list.dataset.key = key;
    list.replaceChildren(...lines.map(([title, cause, remedy, model]) => {
      const item = element("li");
      if (title) {
        item.append(element("strong", "", title));
      }
      if (cause) {
        item.append(element("span", "", capital(cause)));
      }
      if (remedy) {
        item.append(element("span", "remedy", `${capital(remedy)}.`));
      }
      if (model) {
        const link = element("a", "", "Its dead letters");
        link.href = `#dead-letters=${encodeURIComponent(model)}`;
        item.append(link);
      }
      return item;
    }));
  }
}

function showNumbers(now, status) {
  const { answered, rate_limited: limited, failed } = now.calls;
  const delayed = status.waiting.filter((topic) => topic.kind.startsWith("delay-"));
  const ages = status.waiting.map((topic) => topic.oldest_age_ms).filter((age) => age != null);
  const limits = status.lanes.map((lane) => lane.requests.limit);
  const spent = status.lanes.reduce((total, lane) => total + lane.requests.spent, 0);
  const known = limits.length > 0 && limits.every((limit) => limit != null);
  const owned = status.workers.reduce((total, worker) => total + worker.partitions.length, 0);
  text(byId("n-answered"), words.rate(answered));
  text(byId("n-answered-more"), `429s ${words.rate(limited)}/s, failed ${words.rate(failed)}/s`);
  text(byId("n-waiting"), topics(status.waiting));
  text(byId("n-waiting-more"), ages.length > 0 ? `oldest for ${words.duration(Math.max(...ages))}`
    : words.sum(status.waiting) > 0 ? "age not known" : "none");
  text(byId("n-flight"), words.count(status.lanes.reduce((total, lane) => total + lane.in_flight, 0)));
  text(byId("n-flight-more"), known
    ? `${words.rate(spent)}/s begin, limit ${words.limit(limits.reduce((total, limit) => total + limit, 0))}`
    : `${words.rate(spent)}/s begin`);
  text(byId("n-delayed"), topics(delayed));
  text(byId("n-delayed-more"), "among those waiting");
  text(byId("n-dead"), words.atMost(status.dead));
  text(byId("n-dead-more"), status.dead.open === 0 ? "none"
    : status.dead.oldest_age_ms == null ? "age not known" : `oldest for ${words.oldest(status.dead)}`);
  text(byId("n-workers"), words.count(Math.max(status.workers.length, status.reports.length)));
  text(byId("n-workers-more"), `${owned} of ${words.plural(status.partitions, "bundle")} owned`);
}

const topics = (some) => words.atMost({ open: words.sum(some), exact: some.every((topic) => topic.exact) });

/** Returns the time of the last reading by the console's clock, since that of the browser may be wrong. */
export const at = () => Date.parse(shown?.at);

/** Returns the models of which workers have told. */
export const models = () => (shown?.lanes ?? []).map((lane) => lane.model);

/** Says what a request of a model waits for, as far as workers have told. */
export function why(model) {
  if (shown == null) {
    return "";
  }
  if (shown.workers.length === 0) {
    return "No worker runs.";
  }
  const named = (name) => shown.lanes.find((each) => each.model === name);
  const lane = named(model) ?? named(""); // the lane that models share if there are too many
  if (!lane) {
    return "No worker reports anything of its model yet.";
  }
  const waiting = `${words.plural(lane.waiting, "request")} of its model ${lane.waiting === 1 ? "waits" : "wait"} in the`
    + " workers' memory.";
  if (words.isStopped(lane)) {
    return `Its model is stopped: ${lane.cause || "no cause was told"}. ${capital(lane.remedy ?? "")}.`;
  }
  return `Its model is ${(words.STATES[lane.state]?.word ?? lane.state)}. ${waiting}`;
}

/** Shows an event of the kind "now". */
export function show(now) {
  text(byId("version"), now.version);
  const status = now.status;
  if (status) {
    shown = status;
    text(byId("queue"), status.queue);
    document.title = `${status.queue} – Sluice`;
    showNumbers(now, status);
    showLanes(status);
    showBacklog(status);
    showWorkers(status);
  }
  showVerdict(now.problem
    ? { level: "bad", word: "Kafka is not read", more: "", troubles: [{ title: "", cause: now.problem, remedy: "" }] }
    : words.verdict(status));
  document.body.classList.remove("loading");
}

byId("lanes-all").addEventListener("click", () => {
  showsAll = true;
  showLanes(shown);
  byId("lanes").focus(); // the button has gone
});
byId("filter").addEventListener("input", () => shown && showLanes(shown));
for (const head of document.querySelectorAll("#lanes-table [data-sort]")) {
  head.firstElementChild.addEventListener("click", () => {
    const by = head.dataset.sort;
    // numbers begin with the largest
    order.down = order.by === by ? !order.down : by !== "name";
    order.by = by;
    document.querySelectorAll("#lanes-table [data-sort]").forEach((each) => each.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", order.down ? "descending" : "ascending");
    if (shown) {
      showLanes(shown);
    }
  });
}
