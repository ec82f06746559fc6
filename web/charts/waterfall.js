// @ts-check
// The bars of a waterfall: only the rows that are in view, on one canvas. Rows and time come from the view; nothing is kept here but colours.
import { durationText, durationTick } from '../model/format.js';
import { colours, services } from '../model/palette.js';
import { clamp, offsetTicks } from '../model/scales.js';
import { fit, tokens } from './svg.js';

/** @typedef {import('../model/trace-tree.js').Node} Node */
/** @typedef {{from: number, to: number}} Window  ns from the trace's start */
/** @typedef {{rows: Node[], window: Window, scrollTop: number, rowHeight: number, left: number, twoLines: boolean, selected: Node | null,
 *   marks: Map<string, number[]>, critical: Map<Node, {from: number, to: number}[]> | null}} Scene */
/**
 * @typedef {{fill: string[], on: string[], ink: string, ink2: string, line: string, panel: string, err: string, warn: string, edge: string, font: string}} Paint
 */

const air = 8; // px at both ends of the time axis

/** @returns {Paint} the colours of the theme of now */
export function paint() {
  const names = Array.from({ length: colours }, (_, i) => `--c${i + 1}`);
  const [ink, ink2, line, panel, err, warn, edge, family, size] = tokens('--ink', '--ink2', '--line', '--panel', '--err', '--warn', '--edge',
    '--font', '--fs-0');
  return { fill: tokens(...names), on: tokens(...names.map((n) => `${n}-on`)), ink, ink2, line, panel, err, warn, edge,
    font: `${size || '11px'} ${family || 'sans-serif'}` };
}

/** @param {Window} window @param {number} left @param {number} width @returns {(ns: number) => number} */
export function timeScale(window, left, width) {
  const per = (width - left - 2 * air) / Math.max(1, window.to - window.from);
  return (ns) => left + air + (ns - window.from) * per;
}

/** @param {HTMLCanvasElement} canvas @param {Scene} scene @param {Paint} colour */
export function drawWaterfall(canvas, scene, colour) {
  const fitted = fit(canvas);
  if (!fitted) return;
  const { pen, width, height } = fitted, { rows, rowHeight, scrollTop, window, left, twoLines } = scene;
  const x = timeScale(window, left, width);
  pen.font = colour.font;
  pen.textBaseline = 'middle';
  pen.save();
  pen.beginPath();
  pen.rect(left, 0, width - left, height);
  pen.clip();
  pen.fillStyle = colour.line;
  if (!twoLines) for (const t of axisTicks(window, left, width)) pen.fillRect(Math.round(x(t)), 0, 1, height);
  const first = Math.max(0, Math.floor(scrollTop / rowHeight)), last = Math.min(rows.length - 1, Math.ceil((scrollTop + height) / rowHeight));
  if (scene.critical && !twoLines) drawThreads(pen, scene, x, first, last, colour);
  for (let i = first; i <= last; i += 1) drawBar(pen, scene, rows[i], Math.round(i * rowHeight - scrollTop), x, width, colour);
  pen.restore();
}

/** @param {Window} window @param {number} left @param {number} width @returns {number[]} */
function axisTicks(window, left, width) {
  const length = window.to - window.from, most = Math.max(2, Math.floor((width - left) / 92));
  if (window.from === 0) return offsetTicks(length, most);
  const step = offsetTicks(length, most)[1] || length;
  const ticks = [];
  for (let t = Math.ceil(window.from / step) * step; t <= window.to && ticks.length < 50; t += step) ticks.push(t);
  return ticks;
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Scene} scene
 * @param {Node} node
 * @param {number} top
 * @param {(ns: number) => number} x
 * @param {number} width
 * @param {Paint} colour
 */
function drawBar(pen, scene, node, top, x, width, colour) {
  const { span } = node, c = services.of(span.service) - 1, tall = scene.twoLines ? 12 : 13, y = top + (scene.twoLines ? 24 : 5);
  const x0 = x(span.offset_ns), x1 = Math.max(x0 + 2, x(span.offset_ns + span.duration_ns));
  if (x1 < scene.left || x0 > width) { drawAway(pen, x0 > width, scene.left, width, y + tall / 2, colour); return; }
  const a = Math.max(x0, scene.left - 4), w = Math.min(x1, width + 4) - a;
  pen.fillStyle = colour.fill[c];
  pen.beginPath();
  pen.roundRect(a, y, w, tall, 2);
  pen.fill();
  if (node.outside) { pen.strokeStyle = colour.warn; pen.lineWidth = 1.5; pen.setLineDash([3, 2]); pen.strokeRect(a - 1, y - 1.5, w + 2, tall + 3);
    pen.setLineDash([]); }
  const pieces = scene.critical?.get(node);
  if (pieces) {
    pen.fillStyle = colour.ink;
    for (const p of pieces) pen.fillRect(x(p.from), y + tall + 1.5, Math.max(2, x(p.to) - x(p.from)), 2.5);
  }
  label(pen, span, x0, x1, y + tall / 2, scene.left, width, c, colour, node === scene.selected);
  if (span.error) drawError(pen, clamp(x1, scene.left + 8, width - 8), y + tall / 2, colour);
  const marks = scene.marks.get(span.id);
  if (marks) for (const ns of marks) drawMark(pen, x(ns), y + 1, colour);
}

/** Right of the bar, else left of it, else inside. @param {CanvasRenderingContext2D} pen @param {import('../model/trace-tree.js').Span} span @param {number} x0 @param {number} x1
 * @param {number} y @param {number} left @param {number} width @param {number} c @param {Paint} colour @param {boolean} selected */
function label(pen, span, x0, x1, y, left, width, c, colour, selected) {
  const text = span.no_end ? 'no end' : durationText(span.duration_ns / 1e6), wide = pen.measureText(text).width, off = span.error ? 12 : 6;
  pen.fillStyle = selected ? colour.ink : colour.ink2;
  if (x1 + off + wide < width - 4) { halo(pen, text, x1 + off, y, colour); return; }
  if (x0 - 6 - wide > left + 2) { halo(pen, text, x0 - 6 - wide, y, colour); return; }
  pen.fillStyle = colour.on[c];
  pen.fillText(text, Math.max(x0, left) + 8, y + 0.5);
}

/** @param {CanvasRenderingContext2D} pen @param {string} text @param {number} x @param {number} y @param {Paint} colour */
function halo(pen, text, x, y, colour) {
  pen.strokeStyle = colour.panel;
  pen.lineWidth = 3;
  pen.lineJoin = 'round';
  pen.strokeText(text, x, y + 0.5);
  pen.fillText(text, x, y + 0.5);
}

/** @param {CanvasRenderingContext2D} pen @param {boolean} later @param {number} left @param {number} width @param {number} y @param {Paint} colour */
function drawAway(pen, later, left, width, y, colour) {
  const x = later ? width - 6 : left + 6, d = later ? 4 : -4;
  pen.fillStyle = colour.edge;
  pen.beginPath();
  pen.moveTo(x + d, y); pen.lineTo(x - d, y - 4); pen.lineTo(x - d, y + 4);
  pen.fill();
}

/** @param {CanvasRenderingContext2D} pen @param {number} x @param {number} y @param {Paint} colour */
function drawError(pen, x, y, colour) {
  pen.fillStyle = colour.err; pen.strokeStyle = colour.panel; pen.lineWidth = 1.5;
  pen.beginPath(); pen.arc(x, y, 6.5, 0, 7); pen.fill(); pen.stroke();
  pen.fillStyle = colour.panel;
  pen.fillRect(x - 0.9, y - 3.6, 1.8, 4.4);
  pen.fillRect(x - 0.9, y + 1.9, 1.8, 1.8);
}

/** @param {CanvasRenderingContext2D} pen @param {number} x @param {number} y @param {Paint} colour */
function drawMark(pen, x, y, colour) {
  pen.fillStyle = colour.ink; pen.strokeStyle = colour.panel; pen.lineWidth = 0.8;
  pen.beginPath(); pen.moveTo(x, y); pen.lineTo(x + 4, y - 5.5); pen.lineTo(x - 4, y - 5.5); pen.closePath();
  pen.fill(); pen.stroke();
}

/**
 * Thin uprights from one piece of the critical path to the next.
 * @param {CanvasRenderingContext2D} pen
 * @param {Scene} scene
 * @param {(ns: number) => number} x
 * @param {number} first
 * @param {number} last
 * @param {Paint} colour
 */
function drawThreads(pen, scene, x, first, last, colour) {
  const { rows, rowHeight, scrollTop } = scene;
  pen.strokeStyle = colour.ink;
  pen.globalAlpha = 0.4;
  pen.lineWidth = 1;
  pen.beginPath();
  for (let i = first; i <= last; i += 1) {
    const node = rows[i], up = node.parentNode;
    if (!up || !scene.critical?.has(node) || !scene.critical.has(up)) continue;
    let j = i - 1; // the parent's row; it may be above the view
    while (j > first - 1 && j >= 0 && rows[j] !== up) j -= 1;
    const px = Math.round(x(node.span.offset_ns)) + 0.5, from = j >= first ? j * rowHeight - scrollTop + 20 : 0;
    pen.moveTo(px, from);
    pen.lineTo(px, i * rowHeight - scrollTop + 5);
  }
  pen.stroke();
  pen.globalAlpha = 1;
}

/** The axis above the rows. @param {HTMLCanvasElement} canvas @param {Window} window @param {number} left @param {Paint} colour */
export function drawAxis(canvas, window, left, colour) {
  const fitted = fit(canvas);
  if (!fitted) return;
  const { pen, width, height } = fitted, x = timeScale(window, left, width);
  pen.font = colour.font;
  pen.fillStyle = colour.ink2;
  pen.textBaseline = 'middle';
  for (const t of axisTicks(window, left, width)) {
    const text = durationTick(Number((t / 1e6).toPrecision(6))), half = pen.measureText(text).width / 2;
    pen.fillText(text, clamp(x(t) - half, left + 2, width - 2 * half - 2), height / 2);
  }
}

/**
 * The whole trace in small, with the window that the waterfall shows.
 * @param {HTMLCanvasElement} canvas @param {Node[]} all rows in order @param {number} length ns @param {Window} window @param {Paint} colour
 */
export function drawMinimap(canvas, all, length, window, colour) {
  const fitted = fit(canvas);
  if (!fitted) return;
  const { pen, width, height } = fitted, x = timeScale({ from: 0, to: length }, 0, width), per = Math.min(3, (height - 8) / Math.max(1, all.length));
  const tall = Math.max(0.7, per * 0.75);
  all.forEach((node, i) => {
    pen.fillStyle = colour.fill[services.of(node.span.service) - 1];
    pen.fillRect(x(node.span.offset_ns), 4 + i * per, Math.max(1, x(node.span.offset_ns + node.span.duration_ns) - x(node.span.offset_ns)), tall);
  });
  pen.fillStyle = colour.err;
  for (const node of all) if (node.span.error) pen.fillRect(x(node.span.offset_ns + node.span.duration_ns) - 0.75, 2, 1.5, height - 4);
  const a = x(window.from), b = x(window.to);
  pen.fillStyle = colour.panel;
  pen.globalAlpha = 0.72;
  pen.fillRect(0, 0, a, height);
  pen.fillRect(b, 0, width - b, height);
  pen.globalAlpha = 1;
  pen.strokeStyle = colour.edge;
  pen.lineWidth = 1;
  pen.strokeRect(a - 2.5, 1.5, b - a + 5, height - 3);
  pen.fillStyle = colour.panel;
  for (const at of [a - 2.5, b + 2.5]) { pen.beginPath(); pen.roundRect(at - 2.5, height / 2 - 8, 5, 16, 2); pen.fill(); pen.stroke(); }
}
