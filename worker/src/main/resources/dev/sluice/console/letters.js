// The page of dead letters: search, look at one, and replay after a dry run. All text goes in as text.
import * as now from "./now.js";
import * as words from "./words.js";
import { Rows, capital, element, text } from "./dom.js";
import { ask } from "./ask.js";

const byId = (id) => document.getElementById(id);
const search = byId("search");
const REASONS = ["attempts_exhausted", "expired", "invalid_request", "never_admitted", "rejected",
  "reply_topic_refused", "stream_cut", "too_large", "unreadable"];
/** What the counts of a plan are called in a sentence. */
const STAYS = {
  already_replayed: "stay: they were replayed",
  no_body: "stay: they have no body, only the place where the request lies",
  unreadable: "stay: the body is no JSON object",
  replayed_too_often: "stay: they were replayed that often, and are dead again",
  not_editable: "stay: a field to set lies within something that is no JSON object",
};

let person = { name: "", bodies: false, act: false };
let askedRights = null;
let asked = {};
let selection = {};
let running = null;
let older = null;

/** What a group and a field say of a letter that has no such value. An empty field is no condition. */
const NONE = "(none)";

function filter() {
  const form = new FormData(search);
  const one = (name) => {
    const value = form.get(name).trim();
    return value === "" ? [] : [value === NONE ? "" : value];
  };
  return { reasons: one("reasons"), statuses: one("statuses"), models: one("models"), tenants: one("tenants"),
    ids: one("ids"), contains: form.get("contains") ?? "", replayed: form.get("replayed") != null };
}

/** Offers words for inputs. */
function options(id, all) {
  byId(id).replaceChildren(...[...new Set(all)].filter((word) => word).map((word) => {
    const option = element("option");
    option.value = word;
    return option;
  }));
}

let current = null;

async function run(more) {
  current?.abort();
  const mine = current = new AbortController();
  asked = { ...filter(), listed: [], ...more };
  text(byId("search-state"), "Reading the dead letters");
  try {
    const found = await ask("dead-letters/search", asked, byId("search-bar"), mine.signal, showFirst);
    show(found, more.until);
  } catch (failure) {
    if (!mine.signal.aborted) {
      text(byId("search-state"), `${capital(failure.message)}.`);
      byId("groups").hidden = byId("letters").hidden = true;
    }
  }
}

/** Shows the newest while the others are counted. */
function showFirst(found) {
  byId("groups").hidden = true;
  byId("letters").hidden = found.newest.length === 0;
  letters.show(found.newest.map((letter) => [letter.position, letter]));
  text(byId("letters-shown"), "while all are counted");
  byId("older").hidden = byId("replay-all").hidden = byId("replay-selected").hidden = true;
}

function show(found, until) {
  const replayed = asked.replayed ? "" : found.already_replayed > 0
    ? ` ${words.plural(found.already_replayed, "more was", "more were")} replayed.` : "";
  text(byId("search-state"), (found.letters === 0 ? "No dead letter matches."
    : `${words.plural(found.letters, "dead letter")}${until ? ` that died until ${words.moment(until)}` : ""}.`)
    + replayed);
  byId("groups").hidden = byId("letters").hidden = found.letters === 0;
  options("known-models", [...now.models(), ...found.groups.map((group) => group.model)]);
  groups.show(found.groups.map((group) => [JSON.stringify([group.reason, group.http_status, group.model,
    group.tenant]), group]));
  text(byId("groups-hint"), found.more_groups > 0 ? `and ${words.plural(found.more_groups, "smaller group")}` : "");
  letters.show(found.newest.map((letter) => [letter.position, letter]));
  text(byId("letters-shown"), `${found.newest.length} of ${words.count(found.letters)}`);
  byId("older").hidden = found.newest.length + asked.listed.length >= found.letters;
  older = next(found.newest);
  byId("replay-all").hidden = byId("replay-selected").hidden = !person.act;
  text(byId("replay-all"), `Replay all ${words.count(found.letters)} that match`);
  selected();
}

/** Asks for those behind the last one. Many may have died in its millisecond, so that those are named. */
function next(newest) {
  const last = newest.at(-1);
  if (last == null) {
    return null;
  }
  const listed = newest.filter((letter) => letter.died_at === last.died_at).map((letter) => letter.position);
  return { until: new Date(Date.parse(last.died_at) + 1).toISOString(),
    listed: asked.listed.length > 0 && asked.lastDied === last.died_at ? [...asked.listed, ...listed] : listed,
    lastDied: last.died_at };
}

const groups = new Rows(byId("groups-table"), () => {
  const button = element("button", "link");
  button.type = "button";
  const [reason, status, model, tenant] = [element("th", "", button), element("td"), element("td", "name-cell"),
    element("td", "name-cell")];
  reason.scope = "row";
  const [count, newest] = [element("td", "number"), element("td", "number")];
  let shown = null;
  button.addEventListener("click", () => {
    search.elements.reasons.value = shown.reason || NONE;
    search.elements.statuses.value = shown.http_status || NONE;
    search.elements.models.value = shown.model || NONE;
    search.elements.tenants.value = shown.tenant || NONE;
    run({});
  });
  return { node: element("tr", "", reason, status, model, tenant, count, newest), show(group) {
    shown = group;
    text(button, group.reason || NONE);
    text(status, group.http_status || NONE);
    text(model, group.model || NONE);
    text(tenant, group.tenant || NONE);
    text(count, words.count(group.letters));
    text(newest, words.moment(group.newest));
  } };
});

const letters = new Rows(byId("letters-table"), () => {
  const box = element("input");
  box.type = "checkbox";
  const id = element("button", "link");
  id.type = "button";
  const note = element("span", "sub");
  const head = element("th", "", element("div", "pick", box, element("span", "", id, note)));
  head.scope = "row";
  const [reason, message] = [element("span", "name"), element("span", "sub")];
  const [model, tenant, died] = [element("td", "name-cell"), element("td", "name-cell"), element("td", "number")];
  let shown = null;
  id.addEventListener("click", () => open(shown));
  box.addEventListener("change", selected);
  return { node: element("tr", "", head, element("td", "why", element("span", "", reason, message)), model, tenant,
    died), show(letter) {
    shown = letter;
    box.setAttribute("aria-label", `Select ${letter.id}`);
    box.value = letter.id;
    box.hidden = !person.act;
    text(id, letter.id);
    text(note, [letter.replayed ? "replayed" : "", letter.replays > 0 ? `replayed ${letter.replays} times before` : ""]
      .filter((part) => part).join(", "));
    text(reason, [letter.reason ?? "(no reason)", letter.http_status].filter((part) => part).join(", "));
    text(message, letter.message ?? [letter.error_type, letter.error_code].filter((part) => part).join(" "));
    text(model, letter.model ?? "–");
    text(tenant, letter.tenant ?? "–");
    text(died, words.moment(letter.died_at));
  } };
});

const boxes = () => [...document.querySelectorAll("#letters-table input:checked")];

function selected() {
  const count = boxes().length;
  const isBusy = running != null && running.ended == null; // another replay would be refused
  byId("replay-all").disabled = isBusy;
  byId("replay-selected").disabled = isBusy || count === 0;
  text(byId("replay-selected"), count === 0 ? "Replay those selected" : `Replay ${words.plural(count, "selected one")}`);
}

function pretty(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

/** The most of a body that is shown unasked: a browser takes seconds to break a line of a megabyte. */
const MOST_SHOWN = 100000;

/** A body as text, the rest of a long one on request. */
function shownBody(body) {
  const whole = pretty(body);
  const shown = element("pre", "", whole.slice(0, MOST_SHOWN));
  shown.tabIndex = 0;
  if (whole.length <= MOST_SHOWN) {
    return [shown];
  }
  const more = element("button", "", `Show all ${words.count(whole.length)} characters`);
  more.type = "button";
  more.id = "letter-more";
  more.addEventListener("click", () => {
    shown.textContent = whole;
    shown.focus();
    more.remove();
  });
  return [shown, more];
}

async function open(letter) {
  text(byId("letter-title"), letter.id);
  const content = byId("letter-content");
  const bar = element("progress");
  bar.setAttribute("aria-label", "Reading");
  content.replaceChildren(bar);
  byId("letter").showModal();
  try {
    const found = await ask("dead-letters/letter", { position: letter.position }, bar);
    const facts = element("dl", "facts");
    const row = (name, value) => value != null && facts.append(element("dt", "", name), element("dd", "", `${value}`));
    row("Died", words.moment(found.died_at));
    row("The API said", found.message);
    row("Type, code, field", [found.error_type, found.error_code, found.error_param].filter((part) => part).join(", ")
      || null);
    row("Replayed", found.replayed_at == null ? "no"
      : `${words.moment(found.replayed_at)}${found.replayed_by ? ` by ${found.replayed_by}` : ""}`);
    row("Key", found.key);
    row("Place", found.position);
    const headers = element("dl", "facts");
    found.headers.forEach((header) => headers.append(element("dt", "", header.name),
      element("dd", "", header.value ?? "(null)")));
    const body = found.hidden ? "You have no right to read bodies."
      : found.body ?? "This letter has no body, only the place where the request lies.";
    content.replaceChildren(facts, element("h3", "", "Body"), ...shownBody(body), element("h3", "", "Headers"), headers);
  } catch (failure) {
    content.replaceChildren(element("p", "", `${capital(failure.message)}.`));
  }
}

function addEdit() {
  const input = (name, label, hint) => {
    const field = element("input");
    field.name = name;
    field.placeholder = hint;
    field.autocomplete = "off";
    field.spellcheck = false;
    return element("label", "", `${label} `, field);
  };
  byId("edits").append(element("div", "edit", input("path", "Field", "max_tokens"), input("value", "Value", "500")));
}

function startPlan(what, chosen) {
  selection = chosen;
  text(byId("plan-what"), what);
  text(byId("plan-state"), "");
  byId("plan-result").hidden = true;
  byId("plan-form").reset();
  byId("edits").replaceChildren();
  byId("plan").showModal();
}

/** Says in words what was searched for. */
function sought() {
  const names = { reasons: "reason", statuses: "status", models: "model", tenants: "tenant", ids: "id" };
  const parts = Object.entries(names).filter(([name]) => asked[name].length > 0)
    .map(([name, word]) => `${word} ${asked[name][0]}`);
  return capital([...parts, asked.contains === "" ? "" : "with the text sought"].filter((part) => part).join(", ")
    || "all models and reasons") + ".";
}

function edits() {
  const model = byId("plan-form").elements.model.value.trim();
  return [...document.querySelectorAll("#edits .edit")]
    .map((edit) => [edit.querySelector("[name=path]").value.trim(), edit.querySelector("[name=value]").value])
    .concat(model === "" ? [] : [["model", model]])
    .filter(([path]) => path !== "").map(([path, value]) => `${path}=${value}`);
}

/** Above so many pairs of lines what lies between the first and the last change is shown as one. */
const MAX_PAIRS = 1e6;

/** The lengths of the longest rows of lines that two texts have in common from each pair of lines on. */
function common(old, now) {
  const lengths = Array.from({ length: old.length + 1 }, () => new Uint32Array(now.length + 1));
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      lengths[i][j] = old[i] === now[j] ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  return lengths;
}

/** The lines of two texts as [mark, line]: those that are gone with -, the new ones with +, and the others. */
function changes(old, now) {
  if (old.length * now.length > MAX_PAIRS) {
    return [...old.map((line) => ["-", line]), ...now.map((line) => ["+", line])];
  }
  const [lengths, found] = [common(old, now), []];
  for (let i = 0, j = 0; i < old.length || j < now.length;) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      found.push([" ", old[i++]]);
      j++;
    } else if (j === now.length || (i < old.length && lengths[i + 1][j] >= lengths[i][j + 1])) {
      found.push(["-", old[i++]]);
    } else {
      found.push(["+", now[j++]]);
    }
  }
  return found;
}

/** The beginning of a long line, since a browser takes seconds to break a very long one. */
const cut = (line) => line.length <= 1000 ? line : `${line.slice(0, 1000)}…`;

/** What changes in a body, with a few lines around it. */
function difference(before, after) {
  const [old, now] = [pretty(before).split("\n"), pretty(after).split("\n")];
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) {
    head++;
  }
  let tail = 0;
  while (tail < old.length - head && tail < now.length - head && old.at(-1 - tail) === now.at(-1 - tail)) {
    tail++;
  }
  const near = 3;
  const around = (lines) => lines.map((line) => [" ", line]);
  const classes = { "-": "gone", "+": "new", " ": "" };
  return [...around(old.slice(Math.max(0, head - near), head)),
    ...changes(old.slice(head, old.length - tail), now.slice(head, now.length - tail)),
    ...around(now.slice(now.length - tail, now.length - tail + near))]
    .map(([mark, line]) => element("span", classes[mark], `${mark} ${cut(line)}\n`));
}

let planned = null;

async function plan() {
  planned = null;
  byId("plan-result").hidden = true;
  text(byId("plan-state"), "Reading the dead letters");
  const wish = { ...selection, edits: edits(),
    max_replays: Number(byId("plan-form").elements.max_replays.value) };
  try {
    const found = await ask("replays/plan", wish, byId("plan-bar"));
    text(byId("plan-state"), found.example != null || wish.edits.length === 0 || found.letters === 0 ? ""
      : `The change is not shown: ${person.bodies ? "the bodies are too long for that" : "you have no right to read bodies"}.`);
    const counts = Object.entries(STAYS).filter(([name]) => found[name] > 0)
      .map(([name, sentence]) => element("li", "", `${words.count(found[name])} ${sentence}`));
    byId("plan-counts").replaceChildren(element("li", "", `${words.count(found.letters)} would be sent`), ...counts);
    byId("plan-example").hidden = found.example == null;
    if (found.example) {
      byId("plan-diff").replaceChildren(...difference(found.example.before, found.example.after));
    }
    byId("plan-go").hidden = found.letters === 0;
    text(byId("plan-go"), `Replay ${words.plural(found.letters, "letter")}`);
    byId("plan-result").hidden = false;
    planned = { ...wish, limit: found.letters };
  } catch (failure) {
    text(byId("plan-state"), `${capital(failure.message)}.`);
  }
}

async function go() {
  const wish = planned;
  planned = null; // a second click sends nothing
  if (wish == null) {
    return;
  }
  try {
    const answer = await fetch("replays/start", { method: "POST", headers: { "content-type": "application/json" },
      body: JSON.stringify(wish) });
    if (answer.status === 409) {
      showReplay(await answer.json());
      text(byId("plan-state"), `${capital(running.person)} replays letters now. It is shown above; replay these when it`
        + " has ended.");
    } else if (!answer.ok) {
      text(byId("plan-state"), await answer.text());
    } else {
      byId("plan").close();
    }
  } catch (failure) {
    text(byId("plan-state"), `The console does not answer (${failure.message}). Whether the replay has begun is shown`
      + " once it does.");
  }
  byId("plan-result").hidden = true;
}

/** Shows how far a replay is, on all pages. */
export function showReplay(state) {
  const hasEnded = running != null && running.ended == null && state.ended != null;
  if (running?.started !== state.started) {
    showStop(true);
  }
  running = state;
  byId("replay").hidden = false;
  byId("replay").toggleAttribute("data-done", state.ended != null && !state.problem && state.too_large === 0);
  byId("replay").dataset.level = state.problem || state.too_large > 0 ? "warn" : "good";
  const sent = `${words.count(state.sent)} of ${words.plural(state.planned, "letter")}`;
  text(byId("replay-words"), state.ended == null
    ? `${state.person} replays: ${sent} sent (${words.share(state.sent, state.planned)}), since ${
      words.time(Date.parse(state.started))}. They leave the list when it ends.`
    : `${state.person} has replayed ${sent}, until ${words.time(Date.parse(state.ended))}.`
      + (state.too_large > 0 ? ` ${words.count(state.too_large)} stay: the topic takes no record so large.` : "")
      + (state.problem ? ` Not all: ${state.problem}.` : ""));
  byId("replay-bar").max = Math.max(1, state.planned);
  byId("replay-bar").value = state.sent;
  byId("replay-bar").hidden = state.ended != null;
  byId("replay-stop").hidden = state.ended != null || !person.act;
  selected();
  if (hasEnded && !byId("page-dead-letters").hidden) {
    run({});
  }
}

function showStop(isPossible) {
  byId("replay-stop").disabled = !isPossible;
  text(byId("replay-stop"), `${isPossible ? "Stop" : "Stopping"} after the letters under way`);
}

async function stop() {
  showStop(false);
  try {
    const answer = await fetch("replays/stop", { method: "POST", headers: { "content-type": "application/json" },
      body: "{}" });
    showStop(!answer.ok);
  } catch {
    showStop(true); // the console is away, as the page says
  }
}

/** Returns what the person who looks may do, which is asked once. */
export function rights() {
  askedRights ??= fetch("user").then((answer) => answer.json()).then((found) => {
    person = found;
    byId("replay-stop").hidden = running == null || running.ended != null || !person.act;
    return person;
  });
  return askedRights;
}

/** Shows the dead letters of one request. */
export function ofRequest(id) {
  search.reset();
  search.elements.ids.value = id;
  search.elements.replayed.checked = true;
  location.hash = "#dead-letters";
  run({});
}

/**
 * Shows the page of dead letters for the first time, or again.
 *
 * @param model the model whose letters are wanted, or an empty text
 */
export async function enter(model) {
  const isFirst = byId("search-state").textContent === "";
  if (model !== "" && search.elements.models.value !== model) {
    search.reset();
    search.elements.models.value = model;
    run({});
  }
  if (isFirst) {
    await rights();
    byId("contains-label").hidden = !person.bodies;
    options("known-reasons", REASONS);
    if (model === "") {
      await run({});
    }
  }
}

search.addEventListener("submit", (event) => {
  event.preventDefault();
  run({});
});
byId("search-all").addEventListener("click", () => {
  search.reset();
  run({});
});
byId("older").addEventListener("click", () => {
  run(older);
  byId("search-title").scrollIntoView();
});
byId("add-edit").addEventListener("click", addEdit);
byId("plan-form").addEventListener("submit", (event) => {
  event.preventDefault();
  plan();
});
byId("plan-form").addEventListener("input", () => {
  byId("plan-result").hidden = true; // what was shown is no longer what would be sent
  planned = null;
});
byId("plan-go").addEventListener("click", go);
byId("replay-stop").addEventListener("click", stop);
byId("replay-all").addEventListener("click", () => startPlan(`${byId("search-state").textContent} ${sought()} A replay`
  + " sends them back to the queue, the oldest first, and marks each as replayed.",
  { ...asked, until: asked.until ?? null }));
byId("replay-selected").addEventListener("click", () => startPlan(`${words.plural(boxes().length, "selected letter")}.`
  + " A replay sends them back to the queue, the oldest first, and marks each as replayed.",
  { ids: boxes().map((box) => box.value) }));
