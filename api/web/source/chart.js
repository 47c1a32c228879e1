/** A small line chart: history, mean, band, limits. Tap or hover reads a value; the numbers stand below for those who cannot see it. */

import { useMemo, useRef, useState } from "preact/hooks";
import { html } from "./html.js";
import { clock, date, moment, number, unitGap } from "./format.js";

const WIDTH = 640;
const HEIGHT = 260;
const PAD = { top: 18, right: 14, bottom: 30, left: 46 };
const HOUR = 3_600_000;

export function Chart({ chart }) {
  const plot = useMemo(() => layout(chart), [chart]);
  const [at, setAt] = useState(null);
  const svg = useRef(null);
  const read = (event) => {
    const box = svg.current.getBoundingClientRect();
    setAt(plot.nearest(((event.clientX - box.left) / box.width) * WIDTH));
  };
  return html`<figure class="chart">
    <figcaption><span>${chart.title}</span>${chart.unit && html`<span class="unit">${chart.unit}</span>`}</figcaption>
    <svg ref=${svg} viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${describe(chart, plot)}
         onPointerMove=${read} onPointerDown=${read} onPointerLeave=${() => setAt(null)}>
      ${plot.yTicks.map((tick) => html`<g key=${tick.value}><line class="grid" x1=${PAD.left} x2=${WIDTH - PAD.right} y1=${tick.y} y2=${tick.y} />
        <text class="tick" x=${PAD.left - 8} y=${tick.y + 4} text-anchor="end">${number(tick.value, plot.digits)}</text></g>`)}
      ${plot.xTicks.map((tick) => html`<text key=${tick.x} class="tick" x=${tick.x} y=${HEIGHT - 8} text-anchor="middle">${tick.label}</text>`)}
      ${plot.now !== null && html`<line class="now" x1=${plot.now} x2=${plot.now} y1=${PAD.top} y2=${HEIGHT - PAD.bottom} />
        <text class="tick" x=${plot.now + 6} y=${HEIGHT - PAD.bottom - 6}>forecast</text>`}
      ${plot.band && html`<path class="band" d=${plot.band} />`}
      ${plot.limits.map((limit) => html`<g key=${limit.name}><line class="limit ${limit.name}" x1=${PAD.left} x2=${WIDTH - PAD.right} y1=${limit.y} y2=${limit.y} />
        <text class="limit-name ${limit.name}" x=${PAD.left + 6} y=${limit.y - 5}>${limit.label}</text></g>`)}
      <path class="history" d=${plot.history} />
      ${plot.mean && html`<path class="mean" d=${plot.mean} />`}
      ${at && html`<line class="cursor" x1=${at.x} x2=${at.x} y1=${PAD.top} y2=${HEIGHT - PAD.bottom} /><circle class="dot" cx=${at.x} cy=${at.y} r="5" />`}
    </svg>
    <p class="reading" aria-hidden="true">${at ? reading(at, chart.unit) : legend(chart)}</p>
  </figure>`;
}

function layout(chart) {
  const history = chart.series.map(([iso, value]) => ({ t: Date.parse(iso), value }));
  const mean = chart.forecast.map(([iso, value]) => ({ t: Date.parse(iso), value }));
  const band = chart.band.map(([iso, low, high]) => ({ t: Date.parse(iso), low, high }));
  const values = [...history, ...mean].map((p) => p.value).filter((v) => v !== null).concat(band.flatMap((p) => [p.low, p.high]));
  const [low, high] = padded(Math.min(...values), Math.max(...values));
  const limits = chart.limits.filter(([, value]) => value > low - (high - low) * 0.6 && value < high + (high - low) * 0.6);
  const [bottom, top] = padded(Math.min(low, ...limits.map((l) => l[1])), Math.max(high, ...limits.map((l) => l[1])), 0.04);
  const times = [...history, ...mean].map((p) => p.t);
  const [start, end] = [Math.min(...times), Math.max(...times)];
  const x = (t) => PAD.left + ((t - start) / Math.max(end - start, 1)) * (WIDTH - PAD.left - PAD.right);
  const y = (v) => PAD.top + ((top - v) / Math.max(top - bottom, 1e-9)) * (HEIGHT - PAD.top - PAD.bottom);
  const points = [...history.map((p) => ({ ...p, kind: "measured" })), ...mean.map((p) => ({ ...p, kind: "forecast", band: band.find((b) => b.t === p.t) }))]
    .filter((p) => p.value !== null).map((p) => ({ ...p, x: x(p.t), y: y(p.value) }));
  const joined = mean.length && history.length ? [...history.slice(-1).filter((p) => p.value !== null), ...mean] : mean;
  const step = nice((top - bottom) / 4);
  return {
    start, end, points, digits: step < 1 ? Math.ceil(-Math.log10(step)) : 0,
    history: line(history, x, y), mean: joined.length ? line(joined, x, y) : null,
    band: band.length ? `M${band.map((p) => `${x(p.t)},${y(p.high)}`).join("L")}L${[...band].reverse().map((p) => `${x(p.t)},${y(p.low)}`).join("L")}Z` : null,
    limits: limits.map(([name, value]) => ({ name: name.toLowerCase().includes("alarm") ? "alarm" : "warning", label: `${name.replaceAll("_", " ")} ${number(value)}`, y: y(value) })),
    now: mean.length && history.length ? x(history.at(-1).t) : null,
    yTicks: range(Math.ceil(bottom / step) * step, top, step).map((value) => ({ value, y: y(value) })),
    xTicks: timeTicks(start, end).map((t) => ({ x: Math.min(x(t), WIDTH - PAD.right - 22), label: isMidnight(t) && end - start > 36 * HOUR ? date(t) : clock(t) })),
    nearest: (px) => points.reduce((best, p) => (Math.abs(p.x - px) < Math.abs(best.x - px) ? p : best), points[0]),
  };
}

/** A path with a break where nothing was measured. */
function line(points, x, y) {
  let pen = "M";
  return points.map((p) => {
    if (p.value === null) { pen = "M"; return ""; }
    const command = `${pen}${x(p.t).toFixed(1)},${y(p.value).toFixed(1)}`;
    pen = "L";
    return command;
  }).join("");
}

const padded = (low, high, share = 0.08) => { const room = (high - low || Math.abs(high) || 1) * share; return [low - room, high + room]; };
const range = (from, to, step) => Array.from({ length: Math.max(0, Math.floor((to - from) / step + 1e-9) + 1) }, (_, i) => from + i * step);

function nice(step) {
  const power = 10 ** Math.floor(Math.log10(step));
  return power * ([1, 2, 5, 10].find((m) => m * power >= step) ?? 10);
}

function timeTicks(start, end) {
  const hours = [1, 2, 3, 6, 12, 24, 48, 72, 168, 336, 720].find((h) => (end - start) / (h * HOUR) <= 4) ?? 2160;
  const zone = new Date(start).getTimezoneOffset() * 60_000;
  const step = hours * HOUR;
  return range(Math.ceil((start - zone) / step) * step + zone, end, step);
}

const isMidnight = (t) => new Date(t).getHours() === 0 && new Date(t).getMinutes() === 0;

const reading = (p, unit) => `${moment(p.t)}: ${number(p.value, 2)}${unitGap(unit)} ${p.kind}${p.band ? ` (${number(p.band.low, 2)} to ${number(p.band.high, 2)})` : ""}`;
const legend = (chart) => (chart.forecast.length ? "Line: measured. Dashes: forecast, with its band. Tap to read." : "Tap to read a value.");

function describe(chart, plot) {
  const last = plot.points.filter((p) => p.kind === "measured").at(-1);
  const final = plot.points.filter((p) => p.kind === "forecast").at(-1);
  const parts = [`${chart.title}.`];
  if (last) parts.push(`Last measured ${reading(last, chart.unit)}.`);
  if (final) parts.push(`At the end: ${reading(final, chart.unit)}.`);
  for (const [name, value] of chart.limits) parts.push(`${name} limit ${number(value)}${unitGap(chart.unit)}.`);
  return parts.join(" ");
}
