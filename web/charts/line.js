// @ts-check
// Lines or bars over time. Geometry is given back, so that a view can place its hairline, its tooltip and what is dragged.
import { clamp, linear, roundUp } from '../model/scales.js';
import { isPartial, timeTicks } from '../model/time.js';
import { s } from './svg.js';

/** @typedef {{name: string, colour: string, values: (number | null)[], width?: number, dim?: boolean, dashed?: boolean}} Series */
/** @typedef {import('../model/time.js').Steps & {endUs?: number}} Steps  a step of which only a part is known is dotted, or pale */
/**
 * @typedef {{left: number, right: number, top: number, bottom: number, at: (us: number) => number, back: (px: number) => number, step: (px: number) => number}} Frame
 */

/**
 * @param {HTMLElement} host is filled anew @param {Steps} steps @param {Series[]} series
 * @param {{bars?: boolean, format: (v: number) => string, label: string, utc: boolean, left?: number, whole?: number, behind?: Series[]}} options  whole: a share's greatest value, above which the axis never goes; behind: lines, also where the rest are bars
 * @returns {Frame | null}
 */
export function lineChart(host, steps, series, { bars = false, format, label, utc, left = 46, whole = Infinity, behind = [] }) {
  const width = host.clientWidth, height = host.clientHeight;
  if (!width || !height) return null;
  const right = width - 6, bottom = height - 20;
  const endUs = steps.endUs ?? steps.startUs + steps.count * steps.stepUs;
  const x = linear(steps.startUs, endUs, left, right);
  // Bars stand on each other: their sum has to fit.
  const heights = (bars ? Array.from({ length: steps.count }, (_, i) => series.reduce((sum, line) => sum + Math.max(0, line.values[i] ?? 0), 0))
    : series.flatMap((line) => line.values.map((v) => v ?? 0))).concat(behind.flatMap((line) => line.values.map((v) => v ?? 0)));
  const peak = heights.reduce((most, v) => Math.max(most, v), 0);
  const top = peak > whole * 0.9 ? 26 : 8; // a line at the very top would lie behind the markers' names
  // A few things counted: no tick between two whole numbers.
  const most = Math.min(whole, peak > 0 && peak <= 4 && heights.every((v) => Number.isInteger(v)) ? peak + peak % 2 : roundUp(peak * 1.02));
  const least = Math.min(0, ...[...series, ...behind].flatMap((line) => line.values.map((v) => v ?? 0)));
  const y = linear(least < 0 ? -roundUp(-least) : 0, most, bottom, top);
  const ticks = timeTicks(steps.startUs, endUs, Math.max(2, Math.floor((right - left) / 90)), utc);
  const svg = s('svg', { role: 'img', 'aria-label': label, width, height, viewBox: `0 0 ${width} ${height}` },
    y.ticks.map((v) => [s('line', { class: 'gr', x1: left, x2: right, y1: Math.round(y.at(v)) + 0.5, y2: Math.round(y.at(v)) + 0.5 }),
      s('text', { class: 'ax', x: left - 6, y: y.at(v) + 4, 'text-anchor': 'end' }, format(v))]),
    ticks.map((t) => s('text', { class: 'ax', x: clamp(x.at(t.us), left + 14, right - 14), y: height - 4, 'text-anchor': 'middle' }, t.text)),
    bars ? [columns(steps, series, x, y), behind.map((line) => stroke(line, steps, x, y))] : [...behind, ...series].map((line) => stroke(line, steps, x, y)));
  host.replaceChildren(svg);
  return { left, right, top, bottom, at: x.at, back: x.back, step: (px) => clamp(Math.floor((x.back(px) - steps.startUs) / steps.stepUs), 0,
    steps.count - 1) };
}

/** @param {Series} line @param {Steps} steps @param {any} x @param {any} y */
function stroke(line, steps, x, y) {
  const cut = (/** @type {number} */ i) => isPartial(steps, i), opacity = line.dim ? 0.25 : 1;
  const whole = line.values.map((v, i) => (cut(i) ? null : v)), rest = line.values.map((v, i) => (cut(i) || cut(i - 1) || cut(i + 1) ? v : null));
  const one = (/** @type {(number | null)[]} */ values, /** @type {any} */ look) => s('path', { d: path(values, steps, x, y), fill: 'none', stroke: line.colour,
    'stroke-width': line.width ?? 1.6, 'stroke-linejoin': 'round', 'stroke-linecap': 'round', ...look });
  return [one(whole, { 'stroke-dasharray': line.dashed ? '2 4' : null, opacity }), rest.some((v) => v != null) && one(rest, { 'data-part': '', 'stroke-dasharray': '1 4', opacity: opacity * 0.7 }),
  lone(line.values).map((i) => s('circle', { cx: x.at(steps.startUs + (i + 0.5) * steps.stepUs), cy: y.at(/** @type {number} */ (line.values[i])), r: 2,
    fill: line.colour, opacity: line.dim ? 0.25 : 1 }))];
}

/** Stacked, in the order given. @param {Steps} steps @param {Series[]} series @param {any} x @param {any} y */
function columns(steps, series, x, y) {
  const slot = x.at(steps.startUs + steps.stepUs) - x.at(steps.startUs), width = Math.max(0.8, slot - (slot > 3 ? 1.4 : 0.2));
  const marks = [];
  for (let i = 0; i < steps.count; i += 1) {
    let base = 0;
    const part = isPartial(steps, i);
    for (const line of series) {
      const value = line.values[i] ?? 0;
      if (value <= 0) continue;
      const tall = Math.max(1, y.at(base) - y.at(base + value));
      marks.push(s('rect', { x: x.at(steps.startUs + i * steps.stepUs) + 0.5, width, y: y.at(base) - tall, height: tall, fill: line.colour,
        'data-part': part ? '' : null, opacity: (line.dim ? 0.55 : 1) * (part ? 0.45 : 1) }));
      base += value;
    }
  }
  return marks;
}

/**
 * @param {(number | null)[]} values
 * @param {Steps} steps
 * @param {any} x
 * @param {any} y
 * @returns {string} gaps stay gaps
 */
function path(values, steps, x, y) {
  let text = '', open = false;
  values.forEach((value, i) => {
    if (value == null) { open = false; return; }
    const px = x.at(steps.startUs + (i + 0.5) * steps.stepUs).toFixed(1), py = y.at(value).toFixed(1);
    text += `${open ? 'L' : 'M'}${px} ${py}`;
    open = true;
  });
  return text;
}

/** @param {(number | null)[]} values @returns {number[]} places of values without a neighbour: a line cannot show them */
function lone(values) { return values.flatMap((v, i) => (v != null && values[i - 1] == null && values[i + 1] == null ? [i] : [])); }
