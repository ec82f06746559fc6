// @ts-check
// The heatmap with its box. Drag makes, moves and resizes the box; arrows do so too; a click on a cell opens the traces in it.
import { boxRect, cellAt, cellRect, drawCells, drawOverlay, heatFrame, rectBox } from '../charts/heatmap.js';
import { lineChart } from '../charts/line.js';
import { drawn, s } from '../charts/svg.js';
import { columnUnit, durationText, plural, short, whole } from '../model/format.js';
import { countInside, countsInside, gripAt, peak, pull } from '../model/heatbox.js';
import { clock, knownTime } from '../model/time.js';
import { hovered } from './chart-hover.js';
import { fill, h } from './dom.js';
import { heatMarkerLayer } from './markers.js';
import { patch, place, time, utc } from './router.js';

/** @typedef {import('../model/heatbox.js').Box} Box */

const leastDrag = 5; // px: less is a click
const cursors = { move: 'move', n: 'ns-resize', s: 'ns-resize', e: 'ew-resize', w: 'ew-resize', ne: 'nesw-resize', sw: 'nesw-resize',
  nw: 'nwse-resize', se: 'nwse-resize', new: 'crosshair' };

/**
 * @param {{map: import('../model/heatbox.js').Heatmap, column: string, counts: (number | null)[] | null, box: () => Box | null, setBox: (box: Box | null) => void, openCell: (box: Box) => void, events: () => number | null}} given
 * @returns {{element: HTMLElement, update: () => void, stop: () => void}}
 */
export function heatmapPanel(given) {
  const { map, column } = given, unit = columnUnit(column), tell = (/** @type {number} */ v) => (unit === 'ms' ? durationText(v) : short(v));
  const canvas = h('canvas', { 'aria-hidden': 'true' }), svg = s('svg', { 'aria-hidden': 'true' }), tip = h('div', { class: 'tip', hidden: true }),
    hair = h('div', { class: 'hair', hidden: true });
  const host = h('div', { class: 'hm', tabindex: 0, role: 'group', 'aria-roledescription': 'heatmap', 'aria-label': summary(map, column, tell) },
    canvas, svg, tip, hair), strip = h('div', { class: 'chart cnt' }), known = knownTime(time(), Date.now() / 1000);
  /** @type {import('../charts/heatmap.js').Frame | null} */
  let frame = null;
  let cursor = /** @type {{bucket: number, cell: number} | null} */ (null), pending = /** @type {Box | null} */ (null);
  const asLog = () => place.get().params.get('log') !== '0' && map.scale !== 'linear';
  const box = () => pending ?? given.box(), rectOf = (/** @type {Box | null} */ b) => (b && frame && b.column === column ? boxRect(frame, b) : null);
  const boxOf = (/** @type {import('../charts/heatmap.js').Rect} */ r) => rectBox(/** @type {import('../charts/heatmap.js').Frame} */ (frame), column, r);
  const cellBox = (/** @type {{bucket: number, cell: number}} */ at) => ({ column, min: map.edges[at.cell], max: map.edges[at.cell + 1],
    start: (map.start_us + at.bucket * map.step_us) / 1e6, end: (map.start_us + (at.bucket + 1) * map.step_us) / 1e6 });
  const overlay = () => {
    if (!frame) return;
    const b = box(), rect = rectOf(b), events = pending || given.events() == null ? (b ? countInside(map, b) : 0) : given.events();
    drawOverlay(svg, frame, { rect, boxText: `${whole(events ?? 0)} events`, cursor: cursor && document.activeElement === host ? cellRect(frame, map,
      cursor) : null, unit, utc: utc.get() });
  };
  const draw = () => {
    frame = heatFrame(map, host.clientWidth, host.clientHeight, asLog());
    if (!frame) return;
    drawCells(canvas, map, frame);
    overlay();
    flags.draw();
    const chosen = given.box(), inside = chosen ? countsInside(map, chosen) : null;
    if (!given.counts) return;
    lineChart(strip, { startUs: map.start_us, stepUs: map.step_us, count: map.counts.length, ...known },
      [...(inside ? [{ name: 'in the box', colour: 'var(--pick)', values: inside }] : []),
      { name: 'COUNT', colour: 'var(--base)', values: given.counts.map((n, i) => Math.max(0, (n ?? 0) - (inside?.[i] ?? 0))), dim: true }],
        { bars: true, format: short, label: 'COUNT', utc: utc.get(), left: 50 });
  };
  const flags = heatMarkerLayer(host, () => frame);
  const watch = drawn(host, draw);
  const off = hovered.subscribe((us) => {
    hair.hidden = us == null || !frame;
    if (us != null && frame) hair.style.setProperty('left', `${frame.x.at(us / 1e6)}px`);
  });
  const hint = (/** @type {number} */ px, /** @type {number} */ py) => {
    const at = frame && cellAt(frame, map, px, py);
    tip.hidden = !at;
    if (!at || !frame) { hovered.set(null); return; }
    const b = cellBox(at), right = px > (frame.left + frame.right) / 2;
    hovered.set((b.start + b.end) / 2 * 1e6);
    fill(tip, h('b', {}, plural(map.counts[at.bucket][at.cell] ?? 0, 'event')), h('div', {},
      `${clock(b.start * 1e6, utc.get())} to ${clock(b.end * 1e6, utc.get())}, ${tell(b.min)} to ${tell(b.max)}`));
    tip.style.setProperty('left', right ? 'auto' : `${px + 14}px`);
    tip.style.setProperty('right', right ? `${host.clientWidth - px + 14}px` : 'auto');
    tip.style.setProperty('top', `${Math.max(0, Math.min(py + 10, host.clientHeight - 60))}px`);
  };
  boxPointer(host, { frame: () => frame, rect: () => rectOf(given.box()), hint, pend: (r) => { pending = r && boxOf(r); overlay(); },
    commit: (r) => { pending = null; given.setBox(boxOf(r)); }, click: (px, py) => { const at = frame && cellAt(frame, map, px, py);
    if (at && map.counts[at.bucket][at.cell] > 0) given.openCell(cellBox(at)); }, leave: () => { tip.hidden = true; hovered.set(null); } });
  boxKeys(host, { frame: () => frame, map, rect: () => rectOf(given.box()), cursor: () => cursor,
    setCursor: (c) => { cursor = c; overlay(); if (c && frame) { const r = cellRect(frame, map, c); hint(r.x + r.w / 2, r.y + r.h / 2); } },
    commit: (r) => given.setBox(r && boxOf(r)), open: (c) => given.openCell(cellBox(c)) });
  host.addEventListener('blur', () => { tip.hidden = true; overlay(); });
  return { element: frameOf(map, column, asLog(), host, given.counts ? strip : null), update: draw, stop() { watch.stop(); flags.stop(); off(); } };
}

/** @param {any} map @param {string} column @param {boolean} asLog @param {HTMLElement} host @param {HTMLElement | null} strip */
function frameOf(map, column, asLog, host, strip) {
  const scale = (/** @type {boolean} */ on, /** @type {string} */ text) => h('button', { class: 'btn sm', type: 'button',
    'aria-pressed': asLog === on, onclick: (/** @type {any} */ e) => { for (const b of e.target.parentNode.children) b.setAttribute('aria-pressed',
    String(b === e.target)); patch({ log: on ? null : '0' }, { replace: true }); } }, text);
  return h('section', { class: 'panel heat', 'aria-labelledby': 'heat-title' }, h('header', {},
    h('h2', { id: 'heat-title' }, 'HEATMAP ', h('span', { class: 'mono' }, column)), map.scale !== 'linear' && h('span',
    { class: 'btns', role: 'group', 'aria-label': 'Scale' }, scale(true, 'Log'), scale(false, 'Linear')),
    h('span', { class: 'end row small dim' }, '1', h('span', { class: 'ramp', 'aria-hidden': 'true' },
      Array.from({ length: 10 }, (_, i) => h('i', { vars: { background: `var(--h${i})` } }))), `${whole(peak(map))} events per cell`)),
  h('div', { class: 'pad' }, host, strip && [h('p', { class: 'cnt-name tiny' }, 'COUNT'), strip],
    h('p', { class: 'faint tiny hm-help' }, 'Drag a box to compare what is in it with the rest. A click on a cell opens its traces. Keys: arrows, Enter; b makes a box, arrows move it, ⇧ arrows resize it, Esc removes it.')));
}

/** @param {any} map @param {string} column @param {(v: number) => string} tell */
function summary(map, column, tell) {
  const sums = map.edges.slice(0, -1).map((/** @type {number} */ _, /** @type {number} */ c) => map.counts.reduce((/** @type {number} */ a,
    /** @type {number[]} */ b) => a + (b[c] ?? 0), 0)), total = sums.reduce((/** @type {number} */ a, /** @type {number} */ b) => a + b, 0);
  if (!total) return `Heatmap of ${column}: no values`;
  const at = (/** @type {number} */ q) => { let seen = 0; return map.edges[sums.findIndex((/** @type {number} */ n) => (seen += n) >= total * q)]; };
  return `Heatmap of ${column}: ${whole(total)} events, half of them from ${tell(at(0.25))} to ${tell(at(0.75))}, 5 percent over ${tell(at(0.95))}. Arrow keys move over cells, Enter opens traces, b makes a box.`;
}

/** @param {HTMLElement} host @param {any} on */
function boxPointer(host, on) {
  /** @type {{grip: import('../model/heatbox.js').Grip, x: number, y: number, rect: any, moved: boolean, now: any} | null} */
  let drag = null;
  const at = (/** @type {PointerEvent} */ e) => { const r = host.getBoundingClientRect(); return [e.clientX - r.left, e.clientY - r.top]; };
  host.addEventListener('pointerdown', (e) => {
    const f = on.frame(), [x, y] = at(e);
    if (!f || e.button || x < f.left - 4 || y > f.bottom + 4) return;
    const rect = on.rect(), grip = gripAt(rect, x, y);
    drag = { grip, x, y, rect: grip === 'new' ? { x, y, w: 0, h: 0 } : rect, moved: false, now: null };
    host.setPointerCapture(e.pointerId);
  });
  host.addEventListener('pointermove', (e) => {
    const f = on.frame(), [x, y] = at(e);
    if (!f) return;
    if (!drag) { host.style.setProperty('cursor', cursors[gripAt(on.rect(), x, y)]); on.hint(x, y); return; }
    const [dx, dy] = [x - drag.x, y - drag.y];
    drag.moved ||= Math.hypot(dx, dy) >= leastDrag;
    if (!drag.moved) return;
    drag.now = pull(drag.rect, drag.grip === 'new' ? 'se' : drag.grip, dx, dy, { x: f.left, y: f.top, w: f.right - f.left, h: f.bottom - f.top });
    on.leave();
    on.pend(drag.now);
  });
  host.addEventListener('pointerup', (e) => {
    const done = drag, [x, y] = at(e);
    drag = null;
    if (!done) return;
    if (done.moved && done.now && done.now.w > 3 && done.now.h > 3) on.commit(done.now); else { on.pend(null); if (!done.moved) on.click(x, y); }
  });
  host.addEventListener('pointercancel', () => { drag = null; on.pend(null); });
  host.addEventListener('pointerleave', () => { if (!drag) on.leave(); });
}

/** @param {HTMLElement} host @param {any} on */
function boxKeys(host, on) {
  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  host.addEventListener('keydown', (e) => {
    const f = on.frame(), map = on.map, rect = on.rect(), by = arrows[/** @type {keyof typeof arrows} */ (e.key)];
    if (!f || e.metaKey || e.ctrlKey || e.altKey) return;
    const limit = { x: f.left, y: f.top, w: f.right - f.left, h: f.bottom - f.top }, step = Math.max(4, (f.right - f.left) / map.counts.length);
    if (e.key === 'Escape' && rect) { e.preventDefault(); on.commit(null); return; }
    if (by && rect) { e.preventDefault(); on.commit(pull(rect, e.shiftKey ? 'se' : 'move', by[0] * step, by[1] * 8, limit)); return; }
    if (by) {
      e.preventDefault();
      const c = on.cursor() ?? cellAt(f, map, (f.left + f.right) / 2, (f.top + f.bottom) / 2);
      on.setCursor({ bucket: Math.min(map.counts.length - 1, Math.max(0, c.bucket + by[0])),
        cell: Math.min(map.edges.length - 2, Math.max(0, c.cell - by[1])) });
    } else if (e.key === 'Enter' && on.cursor()) { e.preventDefault(); on.open(on.cursor()); } else if (e.key === 'b') {
      e.preventDefault();
      e.stopPropagation();
      const c = on.cursor() ? cellRect(f, map, on.cursor()) : { x: f.left + limit.w * 0.4, y: f.top + limit.h * 0.1, w: limit.w * 0.3,
        h: limit.h * 0.3 };
      on.commit(pull(c, 'se', on.cursor() ? step * 8 : 0, on.cursor() ? 40 : 0, limit));
    }
  });
}
