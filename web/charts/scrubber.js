// @ts-check
// The strip below the map: how much failed in each step of time, and the window that the map shows.
import { clamp } from '../model/scales.js';
import { s } from './svg.js';

const height = 30, base = 26, faulty = 0.005;

/**
 * @param {HTMLElement} host is filled anew @param {{total: number, fault: number}[]} steps oldest first @param {{from: number, to: number} | null} window indices,
 *   `to` not among them; null: all of it
 * @param {{text: string, wide: number, pick: (from: number | null) => void}} options wide: the steps of a window; pick: its first step, null for all
 */
export function scrubber(host, steps, window, { text, wide, pick }) {
  const width = host.clientWidth, count = steps.length;
  if (!width || !count) { host.replaceChildren(); return; }
  const slot = width / count, most = Math.max(0.02, ...steps.map((v) => (v.total ? v.fault / v.total : 0))), last = Math.max(0, count - wide);
  const focused = host.contains(document.activeElement);
  const svg = s('svg', { class: 'scrubber', width, height, role: 'slider', tabindex: 0, 'aria-label': 'Time window of the map', 'aria-valuemin': 0, 'aria-valuemax': last,
    'aria-valuenow': window?.from ?? 0, 'aria-valuetext': text },
  steps.map((v, i) => {
    const share = v.total ? v.fault / v.total : 0, tall = v.total ? Math.max(1.5, share / most * 22) : 0.5, inside = window && i >= window.from && i < window.to;
    return s('rect', { x: i * slot, width: Math.max(0.8, slot - 1), y: base - tall, height: tall, fill: share > faulty ? 'var(--err)' : 'var(--base)', opacity: inside ? 1 : 0.45 });
  }),
  window && s('rect', { x: Math.max(1, window.from * slot - 1), y: 1, width: Math.min(width - 2, (window.to - window.from) * slot + 1), height: 27, fill: 'none',
    stroke: 'var(--accent)', 'stroke-width': 2, rx: 3 }));
  const at = (/** @type {PointerEvent} */ event) => clamp(Math.round((event.clientX - svg.getBoundingClientRect().left) / slot - wide / 2), 0, last);
  let held = /** @type {number | null} */ (null);
  svg.addEventListener('pointerdown', (event) => { held = at(event); svg.setPointerCapture(event.pointerId); event.preventDefault(); pick(held); });
  svg.addEventListener('pointermove', (event) => {
    const next = at(event);
    if (held === null || next === held) return;
    held = next;
    pick(held);
  });
  svg.addEventListener('keydown', (event) => {
    const now = window?.from ?? 0, to = { ArrowLeft: now - 1, ArrowRight: now + 1, PageUp: now - wide, PageDown: now + wide, Home: 0, End: last }[event.key];
    if (event.key === 'Escape' && window) { event.preventDefault(); pick(null); return; }
    if (to === undefined) return;
    event.preventDefault();
    pick(window ? clamp(to, 0, last) : event.key === 'End' || event.key === 'ArrowLeft' ? last : 0);
  });
  host.replaceChildren(svg);
  if (focused) svg.focus({ preventScroll: true });
}
