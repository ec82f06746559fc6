// @ts-check
// Cells on a canvas; axes, veil and box in the SVG above it. Colour is the square root of the count.
import { durationTick, short } from '../model/format.js';
import { peak, valueRange } from '../model/heatbox.js';
import { clamp, heat, linear, log, roundUp } from '../model/scales.js';
import { timeTicks } from '../model/time.js';
import { fit, s, tokens } from './svg.js';

/** @typedef {import('../model/heatbox.js').Heatmap} Heatmap */
/** @typedef {{x: number, y: number, w: number, h: number}} Rect */
/**
 * @typedef {{left: number, right: number, top: number, bottom: number, x: import('../model/scales.js').Scale, y: import('../model/scales.js').Scale}} Frame  x in Unix seconds
 */

const ramp = Array.from({ length: 10 }, (_, i) => `--h${i}`);

/** @param {Heatmap} map @param {number} width @param {number} height @param {boolean} asLog @returns {Frame | null} null where nothing has a value */
export function heatFrame(map, width, height, asLog) {
  const range = valueRange(map);
  if (!range || width < 60 || height < 60) return null;
  const left = 50, right = width - 4, top = 8, bottom = height - 20, startS = map.start_us / 1e6,
    endS = startS + map.counts.length * map.step_us / 1e6;
  const low = asLog ? (range.low > 0 ? range.low : (map.edges.find((edge) => edge > 0) ?? 1) / 2) : 0; // a log axis has no zero
  return { left, right, top, bottom, x: linear(startS, endS, left, right), y: asLog ? log(low, Math.max(range.high, low * 1.5), bottom,
    top) : linear(Math.min(0, range.low), roundUp(range.high), bottom, top) };
}

/** @param {HTMLCanvasElement} canvas @param {Heatmap} map @param {Frame} frame */
export function drawCells(canvas, map, frame) {
  const fitted = fit(canvas);
  if (!fitted) return;
  const { pen } = fitted, colours = tokens(...ramp), most = peak(map), { x, y } = frame;
  const rows = map.edges.map((edge) => Math.round(clamp(y.at(edge), frame.top, frame.bottom)));
  for (let b = 0; b < map.counts.length; b += 1) {
    const start = (map.start_us + b * map.step_us) / 1e6, x0 = Math.round(x.at(start)), x1 = Math.round(x.at(start + map.step_us / 1e6)),
      cells = map.counts[b];
    for (let c = 0; c < cells.length; c += 1) {
      const shade = heat(cells[c], most);
      if (shade < 0) continue;
      pen.fillStyle = colours[shade];
      pen.fillRect(x0, rows[c + 1], Math.max(1, x1 - x0), Math.max(1, rows[c] - rows[c + 1]));
    }
  }
}

/**
 * @param {SVGElement} svg @param {Frame} frame @param {{rect: {x: number, y: number, w: number, h: number} | null, boxText: string, cursor: {x: number, y: number, w: number, h: number} | null, unit: string, utc: boolean}} state
 */
export function drawOverlay(svg, frame, { rect, boxText, cursor, unit, utc }) {
  const { left, right, top, bottom, x, y } = frame, bottomText = bottom + 16;
  const tell = (/** @type {number} */ v) => (unit === 'ms' ? durationTick(Number(v.toPrecision(3))) : short(Number(v.toPrecision(3))));
  svg.replaceChildren(...[
    rect && s('path', { d: `M${left} ${top}H${right}V${bottom}H${left}ZM${rect.x} ${rect.y}v${rect.h}h${rect.w}v${-rect.h}Z`, fill: 'var(--panel)',
      opacity: 0.42, 'fill-rule': 'evenodd' }),
    thinned(y.ticks, Math.floor((bottom - top) / 40)).map((v) => [s('line', { class: 'gr', x1: left, x2: right, y1: Math.round(y.at(v)) + 0.5,
      y2: Math.round(y.at(v)) + 0.5, opacity: 0.7 }), s('text', { class: 'ax', x: left - 6, y: y.at(v) + 4, 'text-anchor': 'end' }, tell(v))]),
    y.ticks.length < 6 && y.minor.map((v) => s('line', { x1: left - 3, x2: left, y1: y.at(v), y2: y.at(v), stroke: 'var(--line2)' })),
    timeTicks(x.back(left) * 1e6, x.back(right) * 1e6, Math.max(2, Math.floor((right - left) / 90)),
      utc).map((t) => s('text', { class: 'ax', x: clamp(x.at(t.us / 1e6), left + 14, right - 14), y: bottomText, 'text-anchor': 'middle' }, t.text)),
    cursor && s('rect', { x: cursor.x - 1, y: cursor.y - 1, width: cursor.w + 2, height: cursor.h + 2, fill: 'none', stroke: 'var(--accent)',
      'stroke-width': 2 }),
    rect && boxMarks(rect, boxText, frame),
  ].flat(3).filter((e) => e instanceof Element));
}

/** @param {number[]} ticks @param {number} most @returns {number[]} every second, third … so that labels have room */
function thinned(ticks, most) {
  const every = Math.ceil(ticks.length / Math.max(2, most));
  return ticks.filter((_, i) => i % every === 0);
}

/** @param {{x: number, y: number, w: number, h: number}} r @param {string} text @param {Frame} frame */
function boxMarks(r, text, frame) {
  const handles = [[r.x, r.y], [r.x + r.w, r.y], [r.x, r.y + r.h], [r.x + r.w, r.y + r.h]];
  const above = r.y - 8 > frame.top + 6, short = r.x + r.w < frame.left + 110;
  return [
    s('rect', { x: r.x, y: r.y, width: r.w, height: r.h, fill: 'none', stroke: 'var(--panel)', 'stroke-width': 5 }),
    s('rect', { class: 'box', x: r.x, y: r.y, width: r.w, height: r.h, fill: 'none', stroke: 'var(--pick)', 'stroke-width': 2 }),
    handles.map(([hx, hy]) => s('rect', { x: hx - 3.5, y: hy - 3.5, width: 7, height: 7, fill: 'var(--panel)', stroke: 'var(--pick)',
      'stroke-width': 2 })),
    s('text', { class: 'ax-t box-text', x: short ? r.x : r.x + r.w, y: above ? r.y - 8 : r.y + r.h + 16, 'text-anchor': short ? 'start' : 'end' },
      text),
  ];
}

/** @param {Frame} frame @param {Heatmap} map @param {number} px @param {number} py @returns {{bucket: number, cell: number} | null} */
export function cellAt(frame, map, px, py) {
  if (px < frame.left || px > frame.right || py < frame.top || py > frame.bottom) return null;
  const bucket = clamp(Math.floor((frame.x.back(px) - map.start_us / 1e6) / (map.step_us / 1e6)), 0, map.counts.length - 1), value = frame.y.back(py);
  let cell = map.edges.findIndex((edge, i) => value >= edge && value < map.edges[i + 1]);
  if (cell < 0) cell = value < map.edges[0] ? 0 : map.edges.length - 2;
  return { bucket, cell };
}

/** @param {Frame} frame @param {Heatmap} map @param {{bucket: number, cell: number}} at @returns {{x: number, y: number, w: number, h: number}} */
export function cellRect(frame, map, { bucket, cell }) {
  const start = (map.start_us + bucket * map.step_us) / 1e6, x0 = frame.x.at(start), x1 = frame.x.at(start + map.step_us / 1e6);
  const y0 = clamp(frame.y.at(map.edges[cell + 1]), frame.top, frame.bottom), y1 = clamp(frame.y.at(map.edges[cell]), frame.top, frame.bottom);
  return { x: x0, y: y0, w: x1 - x0, h: Math.max(2, y1 - y0) };
}

/** @param {Frame} frame @param {import('../model/heatbox.js').Box} box @returns {Rect | null} null where none of it is in view */
export function boxRect(frame, box) {
  const x0 = clamp(frame.x.at(box.start), frame.left, frame.right), x1 = clamp(frame.x.at(box.end), frame.left, frame.right);
  const y0 = clamp(frame.y.at(box.max), frame.top, frame.bottom), y1 = clamp(frame.y.at(box.min), frame.top, frame.bottom);
  return x1 > x0 && y1 > y0 ? { x: x0, y: y0, w: x1 - x0, h: y1 - y0 } : null;
}

/** @param {Frame} frame @param {string} column @param {Rect} r @returns {import('../model/heatbox.js').Box} */
export function rectBox(frame, column, r) {
  return { column, min: frame.y.back(r.y + r.h), max: frame.y.back(r.y), start: frame.x.back(r.x), end: frame.x.back(r.x + r.w) };
}
