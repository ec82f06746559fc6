// @ts-check
// What a time chart does under the pointer: a hairline on all charts of the page, a tooltip here, and a drag that zooms.
import { signal } from '../model/signal.js';
import { clock, isPartial, knownShare, lengthName } from '../model/time.js';
import { fill, h, say } from './dom.js';
import { utc, zoom } from './router.js';

/** The instant under the pointer, on whichever chart. */
export const hovered = signal(/** @type {number | null} */ (null));
const leastDrag = 6, leastTip = 150; // px: less is a click; and room for what is told

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
  /** @param {import('../charts/line.js').Frame} f @param {number} px @returns {number} its step */
  const point = (f, px) => {
    const step = f.step(px), { startUs, stepUs } = steps(), { title, rows } = tell(step), at = startUs + step * stepUs;
    hovered.set(at + stepUs / 2);
    const part = isPartial(steps(), step) ? `, only ${lengthName(knownShare(steps(), step) * stepUs / 1e6)} of it` : '';
    fill(tip, h('b', {}, (title ?? `${clock(at, utc.get())} to ${clock(at + stepUs, utc.get())}`) + part),
      h('dl', {}, rows.map(([k, v]) => [h('dt', {}, k), h('dd', {}, v)])));
    tip.hidden = false;
    const half = px > (f.left + f.right) / 2;
    tip.style.setProperty('left', half ? 'auto' : `${px + 12}px`);
    tip.style.setProperty('right', half ? `${host.clientWidth - px + 12}px` : 'auto');
    tip.style.setProperty('top', '8px');
    tip.style.setProperty('max-width', `${Math.max(leastTip, half ? px - 16 : host.clientWidth - px - 16)}px`);
    return step;
  };
  const reach = (/** @type {number} */ a, /** @type {number} */ b, least = leastDrag) => {
    band.hidden = Math.abs(a - b) < least;
    band.style.setProperty('left', `${Math.min(a, b)}px`);
    band.style.setProperty('width', `${Math.abs(a - b)}px`);
  };
  host.addEventListener('pointermove', (e) => {
    const f = frame();
    if (!f) return;
    const px = Math.min(f.right, Math.max(f.left, x(e)));
    point(f, px);
    if (from != null) reach(px, from);
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
  byKeys(host, { frame, steps, point, reach, tip, band });
  return off;
}

/** The same by keys: arrows tell step after step, with shift they take a part, Enter looks closer at it. @param {HTMLElement} host @param {any} on */
function byKeys(host, { frame, steps, point, reach, tip, band }) {
  let at = -1, from = -1;
  const reset = () => { at = from = -1; band.hidden = true; hovered.set(null); };
  host.tabIndex = 0;
  host.setAttribute('role', 'group');
  host.setAttribute('aria-label', 'Chart: arrows tell its values, with shift they take a part of the time, Enter looks closer');
  host.addEventListener('keydown', (e) => {
    const f = frame(), by = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
    if (!f || e.target !== host || e.metaKey || e.ctrlKey || e.altKey) return;
    const { startUs, stepUs, count } = steps(), middle = (/** @type {number} */ i) => Math.min(f.right, Math.max(f.left, f.at(startUs + (i + 0.5) * stepUs)));
    if (by) {
      e.preventDefault();
      const next = at < 0 ? (by > 0 ? 0 : count - 1) : Math.min(count - 1, Math.max(0, at + by));
      from = e.shiftKey ? (from < 0 ? Math.max(0, at) : from) : -1;
      at = next;
      point(f, middle(at));
      if (from >= 0) reach(middle(from), middle(at), 1); else band.hidden = true;
      say([...tip.querySelectorAll('b, dt, dd')].map((part) => part.textContent).join(', '));
    } else if (e.key === 'Enter' && at >= 0) {
      e.preventDefault();
      const first = from < 0 ? at : Math.min(from, at), last = from < 0 ? at : Math.max(from, at);
      reset();
      zoom((startUs + first * stepUs) / 1e6, (startUs + (last + 1) * stepUs) / 1e6);
    } else if (e.key === 'Escape' && at >= 0) { e.preventDefault(); reset(); }
  });
  host.addEventListener('blur', reset);
}
