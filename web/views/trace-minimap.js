// @ts-check
import { drawMinimap, paint, timeScale } from '../charts/waterfall.js';
import { drawn } from '../charts/svg.js';
import { durationText } from '../model/format.js';
import { h } from './dom.js';

const reach = 8, leastDrag = 5; // px

/**
 * The whole trace; drag over it to look closer, drag the window's ends or the window itself.
 * @param {() => {all: any[], length: number, window: {from: number, to: number}}} state @param {(window: {from: number, to: number} | null) => void} zoom
 */
export function minimap(state, zoom) {
  const canvas = h('canvas', { class: 'wf-mini', role: 'slider', tabindex: 0, 'aria-label': 'Part of the trace that is shown', 'aria-valuemin': 0,
    'aria-valuemax': 100 });
  const watch = drawn(canvas, () => {
    const { all, length, window } = state();
    drawMinimap(canvas, all, length, window, paint());
    canvas.setAttribute('aria-valuenow', String(Math.round(window.from / Math.max(1, length) * 100)));
    canvas.setAttribute('aria-valuetext', `${durationText(window.from / 1e6)} to ${durationText(window.to / 1e6)}`);
  });
  /** @type {{grip: 'from' | 'to' | 'move' | 'new', at: number, window: {from: number, to: number}, moved: boolean} | null} */
  let drag = null;
  const back = (/** @type {PointerEvent} */ e) => { const { length } = state(), r = canvas.getBoundingClientRect(),
    x = timeScale({ from: 0, to: length }, 0, r.width); return (e.clientX - r.left - x(0)) / Math.max(1e-9, x(length) - x(0)) * length; };
  const hold = (/** @type {number} */ from, /** @type {number} */ to) => { const { length } = state();
    const [a, b] = [Math.max(0, Math.min(from, to)), Math.min(length, Math.max(from, to))];
    zoom(a <= 0 && b >= length ? null : { from: a, to: Math.max(b, a + length * 1e-6 + 1) }); };
  canvas.addEventListener('pointerdown', (/** @type {PointerEvent} */ e) => {
    if (e.button) return;
    const { length, window } = state(), r = canvas.getBoundingClientRect(), x = timeScale({ from: 0, to: length }, 0, r.width),
      px = e.clientX - r.left;
    const zoomed = window.from > 0 || window.to < length, near = (/** @type {number} */ ns) => Math.abs(x(ns) - px) <= reach;
    drag = { grip: near(window.from) ? 'from' : near(window.to) ? 'to' : zoomed && px > x(window.from) && px < x(window.to) ? 'move' : 'new',
      at: back(e), window, moved: false };
    canvas.setPointerCapture(e.pointerId);
  });
  canvas.addEventListener('pointermove', (/** @type {PointerEvent} */ e) => {
    if (!drag) return;
    const { length } = state(), at = back(e), by = at - drag.at, { from, to } = drag.window;
    drag.moved ||= Math.abs(by) / Math.max(1, length) * canvas.clientWidth > leastDrag;
    if (!drag.moved) return;
    if (drag.grip === 'new') hold(drag.at, at);
    else if (drag.grip === 'from') hold(Math.min(from + by, to), to);
    else if (drag.grip === 'to') hold(from, Math.max(from, to + by));
    else { const d = Math.min(Math.max(by, -from), length - to); hold(from + d, to + d); }
  });
  canvas.addEventListener('pointerup', () => { drag = null; });
  canvas.addEventListener('dblclick', () => zoom(null));
  canvas.addEventListener('keydown', (/** @type {KeyboardEvent} */ e) => {
    const { length, window: { from, to } } = state(), step = (to - from) / 10, sign = e.key === 'ArrowLeft' ? -1 : e.key === 'ArrowRight' ? 1 : 0;
    if (e.key === '0') { zoom(null); return; }
    if (!sign) return;
    e.preventDefault();
    if (e.shiftKey) hold(from, Math.max(from + step, to + sign * step)); else { const d = Math.min(Math.max(sign * step, -from), length - to);
      hold(from + d, to + d); }
  });
  return { element: canvas, update: watch.redraw, stop: watch.stop };
}
