// @ts-check
// A line of percentages with its own range, a line for the target, and what lies below zero or below the target in red.
import { clamp, linear } from '../model/scales.js';
import { timeTicks } from '../model/time.js';
import { s, tokens } from './svg.js';

let count = 0;
const digitWidth = 6.5; // px, of an axis' text

/**
 * @param {HTMLElement} host is filled anew @param {[number, number][]} points Unix microseconds, percent
 * @param {{startUs: number, endUs: number, low: number, high: number, mark: number, markText: string, format: (v: number) => string, label: string, utc: boolean}} options  mark: below it the line is red
 * @returns {import('./line.js').Frame | null}
 */
export function budgetChart(host, points, { startUs, endUs, low, high, mark, markText, format, label, utc }) {
  const width = host.clientWidth, height = host.clientHeight;
  if (!width || !height) return null;
  const top = 8, bottom = height - 20, ticks = nice(low, high, Math.max(2, Math.floor((bottom - top) / 32)));
  const left = Math.max(58, 14 + digitWidth * Math.max(...ticks.map((v) => format(v).length))), right = width - 6, x = linear(startUs, endUs, left, right);
  const at = (/** @type {number} */ v) => bottom - (v - low) / (high - low) * (bottom - top);
  const path = points.map(([us, v], i) => `${i ? 'L' : 'M'}${x.at(us).toFixed(1)} ${at(v).toFixed(1)}`).join('');
  const edge = clamp(at(mark), top, bottom), id = `budget-${count += 1}`;
  const last = points.at(-1);
  const line = (/** @type {string} */ colour, /** @type {string} */ clip) => s('g', { 'clip-path': `url(#${id}-${clip})` },
    points.length > 1 && s('path', { d: `${path}L${x.at(points[points.length - 1][0])} ${edge}L${x.at(points[0][0])} ${edge}Z`, fill: colour, opacity: 0.12 }),
    s('path', { d: path, fill: 'none', stroke: colour, 'stroke-width': 1.8, 'stroke-linejoin': 'round' }));
  host.replaceChildren(s('svg', { role: 'img', 'aria-label': label, width, height, viewBox: `0 0 ${width} ${height}` },
    s('defs', {}, s('clipPath', { id: `${id}-above` }, s('rect', { x: left, y: 0, width: right - left, height: edge })),
      s('clipPath', { id: `${id}-below` }, s('rect', { x: left, y: edge, width: right - left, height: height - edge }))),
    ticks.map((v) => [s('line', { class: 'gr', x1: left, x2: right, y1: Math.round(at(v)) + 0.5, y2: Math.round(at(v)) + 0.5 }), s('text', { class: 'ax', x: left - 6, y: at(v) + 4, 'text-anchor': 'end' }, format(v))]),
    timeTicks(startUs, endUs, Math.max(2, Math.floor((right - left) / 60)), utc).map((t) => s('text', { class: 'ax', x: clamp(x.at(t.us), left + 14, right - 14), y: height - 4, 'text-anchor': 'middle' }, t.text)),
    line('var(--c1)', 'above'), line('var(--err)', 'below'),
    mark > low && mark < high && [s('line', { x1: left, x2: right, y1: edge, y2: edge, stroke: 'var(--ink3)', 'stroke-dasharray': '4 3' }),
      s('text', { class: 'ax', x: right, y: edge > bottom - 14 ? edge - 5 : edge + 13, 'text-anchor': 'end' }, markText)],
    last && s('circle', { cx: x.at(last[0]), cy: at(last[1]), r: 2.6, fill: last[1] < mark ? 'var(--err)' : 'var(--c1)' })));
  return { left, right, top, bottom, at: x.at, back: x.back, step: (px) => nearest(points, x.back(px)) };
}

/** @param {[number, number][]} points @param {number} us @returns {number} */
function nearest(points, us) {
  let best = 0;
  points.forEach(([at], i) => { if (Math.abs(at - us) < Math.abs(points[best][0] - us)) best = i; });
  return best;
}

/** @param {number} low @param {number} high @param {number} most @returns {number[]} round values inside */
function nice(low, high, most) {
  const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough)), step = [1, 2, 2.5, 5, 10].map((f) => f * power).find((f) => f >= rough) ?? rough;
  const found = [];
  for (let v = Math.ceil(low / step - 1e-9) * step; v <= high + step * 1e-9; v += step) found.push(Number(v.toPrecision(10)));
  return found;
}

/**
 * Cells of bad events over those of all: the more of a cell is bad, the redder.
 * @param {CanvasRenderingContext2D} pen @param {import('../model/heatbox.js').Heatmap} map of all events @param {number[][]} shares of its cells @param {import('./heatmap.js').Frame} frame
 */
export function drawBadCells(pen, map, shares, frame) {
  const [colour] = tokens('--err'), { x, y } = frame;
  pen.fillStyle = colour;
  const rows = map.edges.map((edge) => Math.round(clamp(y.at(edge), frame.top, frame.bottom)));
  shares.forEach((cells, b) => {
    const start = (map.start_us + b * map.step_us) / 1e6, x0 = Math.round(x.at(start)), x1 = Math.round(x.at(start + map.step_us / 1e6));
    cells.forEach((share, c) => {
      if (!share) return;
      pen.globalAlpha = 0.35 + 0.65 * share;
      pen.fillRect(x0, rows[c + 1], Math.max(1, x1 - x0), Math.max(1, rows[c] - rows[c + 1]));
    });
  });
  pen.globalAlpha = 1;
}
