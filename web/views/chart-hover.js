// @ts-check
// What a time chart does under the pointer: a hairline on all charts of the page, a tooltip here, and a drag that zooms.
import { signal } from '../model/signal.js';
import { clock } from '../model/time.js';
import { fill, h } from './dom.js';
import { utc, zoom } from './router.js';

/** The instant under the pointer, on whichever chart. */
export const hovered = signal(/** @type {number | null} */ (null));
const leastDrag = 6; // px: less is a click

/**
 * @param {HTMLElement} host the chart's box, position relative @param {() => import('../charts/line.js').Frame | null} frame
 * @param {(step: number) => {title?: string, rows: [any, any][]}} tell
 * @param {{steps: () => import('../charts/line.js').Steps}} options
 * @returns {() => void} stops
 */
export function hoverable(host, frame, tell, { steps }) {
  const hair = h('div', { class: 'hair', hidden: true }), tip = h('div', { class: 'tip', hidden: true }),
    band = h('div', { class: 'zoom-band', hidden: true });
  host.append(hair, tip, band);
  let from = /** @type {number | null} */ (null);
  const off = hovered.subscribe((us) => {
    const f = frame();
    hair.hidden = us == null || !f;
    if (us != null && f) hair.style.setProperty('left', `${f.at(us)}px`);
    if (us == null) tip.hidden = true;
  });
  const x = (/** @type {PointerEvent} */ e) => e.clientX - host.getBoundingClientRect().left;
  host.addEventListener('pointermove', (e) => {
    const f = frame();
    if (!f) return;
    const px = Math.min(f.right, Math.max(f.left, x(e))), step = f.step(px), { startUs, stepUs } = steps();
    hovered.set(startUs + (step + 0.5) * stepUs);
    const { title, rows } = tell(step), at = startUs + step * stepUs;
    fill(tip, h('b', {}, title ?? `${clock(at, utc.get())} to ${clock(at + stepUs, utc.get())}`),
      h('dl', {}, rows.map(([k, v]) => [h('dt', {}, k), h('dd', {}, v)])));
    tip.hidden = false;
    const half = px > (f.left + f.right) / 2;
    tip.style.setProperty('left', half ? 'auto' : `${px + 12}px`);
    tip.style.setProperty('right', half ? `${host.clientWidth - px + 12}px` : 'auto');
    tip.style.setProperty('top', '8px');
    if (from != null) {
      band.hidden = Math.abs(px - from) < leastDrag;
      band.style.setProperty('left', `${Math.min(px, from)}px`);
      band.style.setProperty('width', `${Math.abs(px - from)}px`);
    }
  });
  host.addEventListener('pointerleave', () => { if (from == null) hovered.set(null); });
  host.addEventListener('pointerdown', (e) => { const f = frame(); if (e.button || !f || e.pointerType === 'touch') return;
    from = Math.min(f.right, Math.max(f.left, x(e))); host.setPointerCapture(e.pointerId); });
  host.addEventListener('pointerup', (e) => {
    const f = frame(), start = from;
    from = null;
    band.hidden = true;
    if (!f || start == null) return;
    const stop = Math.min(f.right, Math.max(f.left, x(e)));
    if (Math.abs(stop - start) >= leastDrag) zoom(f.back(Math.min(start, stop)) / 1e6, f.back(Math.max(start, stop)) / 1e6);
  });
  return off;
}
