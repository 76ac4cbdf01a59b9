// Words and numbers for people. Nothing here touches the page.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const shortest = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export const count = (number) => whole.format(number);

export const atMost = (topic) => (topic.exact ? "" : "≤ ") + count(topic.open);

/** One decimal, so that the width does not change with every value. */
export const rate = (perSecond) => (perSecond >= 1000 ? whole : tenths).format(perSecond);

/** A limit per second, or in the shortest time in which a slow one is a whole number. */
export function limit(perSecond) {
  for (const [seconds, unit] of [[1, "/s"], [60, "/min"], [3600, "/h"], [86400, "/day"]]) {
    const value = perSecond * seconds;
    if (seconds === 1 ? value >= 0.1 : Math.abs(value - Math.round(value)) < 1e-3 * value || seconds === 86400) {
      return (value >= 1000 ? whole : shortest).format(value) + unit;
    }
  }
  return "";
}

export function duration(millis) {
  const seconds = Math.max(0, Math.floor(millis / 1000));
  const [days, hours, minutes] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60];
  if (days > 0) {
    return `${days}d ${hours}h`;
  }
  if (hours > 0) {
    return `${hours}h ${minutes}m`;
  }
  return minutes > 0 ? `${minutes}m ${seconds % 60}s` : `${seconds}s`;
}

/** What part of a whole a number is. */
export const share = (number, all) => all === 0 || number === all ? "all" : `${whole.format(100 * number / all)} %`;

/** A short time, which counts by tenths of a second. */
export const seconds = (millis) => millis < 60000 ? `${tenths.format(millis / 1000)}s` : duration(millis);

export const oldest = (topic) => topic.oldest_age_ms == null ? "–" : duration(topic.oldest_age_ms);

export const time = (date) => clock.format(date);

const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** A moment with its day, from its ISO form. */
export const moment = (iso) => day.format(new Date(iso));

export const mebibytes = (bytes) => whole.format(bytes / 1048576);

export const plural = (number, one, many = one + "s") => `${count(number)} ${number === 1 ? one : many}`;

export const model = (name) => name === "" ? "(shared lane)" : name;

/** What a state means, from the best to the worst. */
export const STATES = {
  flowing: { mark: "●", word: "flowing" },
  full: { mark: "◕", word: "full: waits for calls to end" },
  limited: { mark: "◑", word: "at its limit" },
  open: { mark: "▲", word: "stopped: the API fails" },
  held: { mark: "■", word: "stopped: the API serves nobody" },
};

export const isStopped = (lane) => lane.state === "open" || lane.state === "held";

export function kind(name) {
  const words = {
    requests: "New requests", express: "Express", retry: "To be called again", overflow: "Overflow",
  };
  return words[name] ?? (name.startsWith("delay-") ? `Delayed by ${name.slice(6)}` : name);
}

/** One sentence about the whole queue, how bad it is, and what a person has to look at. */
export function verdict(status) {
  const waiting = sum(status.waiting);
  const stopped = status.lanes.filter(isStopped);
  // a model of short calls is often seen between two of them
  const busy = status.lanes.filter((lane) => lane.waiting + lane.in_flight > 0 || lane.requests.spent >= 0.05
    || isStopped(lane));
  const troubles = stopped.map((lane) => ({
    title: `${model(lane.model)} is stopped`,
    model: lane.model,
    cause: lane.cause || "no cause was told",
    remedy: lane.remedy ?? "",
  }));
  status.problems.forEach((problem) => troubles.push({ title: "", cause: problem, remedy: "" }));
  if (status.pool.problem && status.workers.length > 0) {
    troubles.push({ title: "The models are not known", cause: status.pool.problem, remedy: "" });
  }
  if (status.workers.length === 0) {
    return { level: waiting > 0 ? "bad" : "warn", word: "No worker runs", more: `${plural(waiting, "request waits",
      "requests wait")} in Kafka, and nothing is called.`, troubles };
  }
  if (stopped.length > 0) {
    const all = stopped.length === busy.length && waiting > 0;
    return { level: all ? "bad" : "warn",
      word: all ? "Nothing flows" : `${stopped.length} of ${plural(busy.length, "model")} ${
        stopped.length === 1 ? "is" : "are"} stopped`,
      more: (waiting > 0 ? "Requests wait, and none is lost." : "No request waits.")
        + " Calls go on by themselves once the API takes them.", troubles };
  }
  if (troubles.length > 0) {
    return { level: "warn", word: "Something needs a look", more: "", troubles };
  }
  const limited = status.lanes.filter((lane) => lane.state === "limited").length;
  if (limited > 0) {
    return { level: "good", word: "Flows at the limit", more: `${plural(limited, "model has", "models have")} more`
      + " requests than the rate limit lets through.", troubles };
  }
  return waiting === 0
    ? { level: "good", word: "Idle", more: "Nothing waits.", troubles }
    : { level: "good", word: "Flows", more: "Every request is called as soon as it is due.", troubles };
}

export const sum = (topics) => topics.reduce((total, topic) => total + topic.open, 0);
