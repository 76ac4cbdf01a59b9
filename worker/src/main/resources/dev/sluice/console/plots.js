// Draws the last hour. A sample is [time in ms, answers/s, 429s/s, failures/s, waiting, dead letters].
import * as words from "./words.js";

const GAP_MILLIS = 25000;
const HOUR_SECONDS = 3600;
const PLOTS = [
  { id: "plot-answers", name: "Answers per second", lines: [{ at: 1, label: "answers/s", colour: "--accent", fill: true }],
    format: words.rate },
  { id: "plot-errors", name: "429s and failures per second", lines: [
    { at: 2, label: "429s/s", colour: "--warn" }, { at: 3, label: "failures/s", colour: "--bad", dash: [5, 4] }],
    format: words.rate },
  { id: "plot-waiting", name: "Waiting requests", lines: [{ at: 4, label: "waiting", colour: "--accent", fill: true }],
    format: words.count },
];

let samples = [];
let drawn = [];

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Returns the columns, with a gap where the console has read nothing. */
function columns(plot) {
  const times = [];
  const values = plot.lines.map(() => []);
  let before = null;
  for (const sample of samples) {
    if (before != null && sample[0] - before > GAP_MILLIS) {
      times.push((before + 1000) / 1000);
      values.forEach((column) => column.push(null));
    }
    before = sample[0];
    times.push(sample[0] / 1000);
    values.forEach((column, index) => column.push(sample[plot.lines[index].at]));
  }
  return [times, ...values];
}

function options(plot, width) {
  const [line, muted] = [colour("--line"), colour("--muted")];
  const axis = { stroke: muted, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1, size: 4 },
    font: "12px system-ui, sans-serif" };
  return {
    width,
    height: 168,
    cursor: { sync: { key: "hour" }, drag: { x: false, y: false }, points: { size: 7 } },
    legend: { live: true },
    scales: {
      x: { range: () => {
        const end = samples.length > 0 ? samples[samples.length - 1][0] / 1000 : Date.now() / 1000;
        return [end - HOUR_SECONDS, end];
      } },
      y: { range: (chart, min, max) => [0, Math.max(1, max * 1.1 || 1)] },
    },
    axes: [{ ...axis, values: "{HH}:{mm}", space: 60 },
      { ...axis, size: 56, values: (chart, ticks) => ticks.map((tick) => short(tick)) }],
    series: [{ label: "time", value: (chart, at) => at == null ? "–" : words.time(at * 1000) },
      ...plot.lines.map((each) => ({
        label: each.label,
        stroke: colour(each.colour),
        fill: each.fill ? colour("--fill") : undefined,
        width: 2,
        dash: each.dash,
        points: { show: false },
        value: (chart, value) => value == null ? "–" : plot.format(value),
      }))],
  };
}

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const short = (tick) => compact.format(tick);

/** Says in words what a line shows, since a canvas says nothing. */
function describe(plot) {
  if (samples.length === 0) {
    return `${plot.name}: nothing known yet`;
  }
  return plot.name + ", the last hour: " + plot.lines.map((line) => {
    const values = samples.map((sample) => sample[line.at]);
    return `${line.label} ${plot.format(values[values.length - 1])} now, ${plot.format(Math.max(...values))} at most`;
  }).join("; ");
}

function draw() {
  drawn.forEach((each) => each.chart.destroy());
  drawn = PLOTS.map((plot) => {
    const place = document.getElementById(plot.id);
    const chart = new uPlot(options(plot, Math.max(200, place.clientWidth)), columns(plot), place);
    return { plot, place, chart };
  });
  label();
}

function label() {
  drawn.forEach(({ plot, place }) => {
    const canvas = place.querySelector("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", describe(plot));
    // a table without heads means nothing to those who hear it, and the words above have the same numbers
    place.querySelector(".u-legend").setAttribute("aria-hidden", "true");
  });
}

function refresh() {
  drawn.forEach(({ plot, chart }) => chart.setData(columns(plot)));
  label();
}

export function history(all) {
  samples = all;
  refresh();
}

export function add(sample) {
  samples = samples.filter((each) => each[0] < sample[0] && each[0] > sample[0] - HOUR_SECONDS * 1000);
  samples.push(sample);
  refresh();
}

export function start() {
  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  addEventListener("resize", () => requestAnimationFrame(resize));
}

/** Gives each plot the width of its place. */
export function resize() {
  drawn.forEach(({ place, chart }) => {
    const width = Math.max(200, place.clientWidth);
    if (place.clientWidth > 0 && chart.width !== width) {
      chart.setSize({ width, height: 168 });
    }
  });
}
