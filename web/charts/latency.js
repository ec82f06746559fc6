// @ts-check
// A histogram of durations on a logarithmic axis, and a brush over it.
import { durationText, durationTick } from '../model/format.js';
import { clamp, log } from '../model/scales.js';
import { logCells } from '../model/service-graph.js';
import { s } from './svg.js';

const cells = 48, axisHeight = 18;

/**
 * @param {HTMLElement} host is filled anew @param {[number, number][]} histogram pairs of ms and count
 * @param {{picked: [number, number] | null, label: string, pick: (ms: [number, number] | null) => void}} options pick: after a drag, null after a click
 */
export function latency(host, histogram, { picked, label, pick }) {
  const width = host.clientWidth, height = host.clientHeight, found = logCells(histogram, cells);
  if (!width || !height || !found) { host.replaceChildren(); return; }
  const { low, high, counts } = found, scale = log(low, high, 0, width), bottom = height - axisHeight, most = Math.max(...counts), slot = width / cells;
  const inside = (/** @type {number} */ i) => { const middle = scale.back((i + 0.5) * slot); return picked && middle >= picked[0] && middle <= picked[1]; };
  const brush = s('rect', { class: 'brush', y: 0, height: bottom, x: 0, width: 0, visibility: 'hidden' });
  const ticks = scale.ticks.filter((t) => scale.at(t) > 16 && scale.at(t) < width - 16), step = Math.ceil(ticks.length / Math.max(1, Math.floor(width / 64)));
  const svg = s('svg', { class: 'latency', width, height, role: 'img', 'aria-label': label },
    counts.map((n, i) => s('rect', { x: i * slot, width: Math.max(0.8, slot - 1), y: bottom - (n ? Math.max(1.5, n / most * (bottom - 6)) : 0.5),
      height: n ? Math.max(1.5, n / most * (bottom - 6)) : 0.5, fill: inside(i) ? 'var(--pick)' : 'var(--base)', opacity: picked && !inside(i) ? 0.55 : 0.9 })),
    s('line', { class: 'gr', x1: 0, x2: width, y1: bottom + 0.5, y2: bottom + 0.5 }),
    ticks.filter((_, i) => i % step === 0).map((t) => s('text', { class: 'ax', x: scale.at(t), y: height - 4, 'text-anchor': 'middle' }, durationTick(t))), brush);
  let from = /** @type {number | null} */ (null);
  const at = (/** @type {PointerEvent} */ event) => clamp(event.clientX - svg.getBoundingClientRect().left, 0, width);
  svg.addEventListener('pointerdown', (event) => { from = at(event); svg.setPointerCapture(event.pointerId); event.preventDefault(); });
  svg.addEventListener('pointermove', (event) => {
    if (from === null) return;
    const to = at(event);
    for (const [key, value] of Object.entries({ x: Math.min(from, to), width: Math.abs(to - from), visibility: 'visible' })) brush.setAttribute(key, String(value));
  });
  svg.addEventListener('pointerup', (event) => {
    if (from === null) return;
    const to = at(event), [a, b] = [Math.min(from, to), Math.max(from, to)];
    from = null;
    pick(b - a < 4 ? null : [scale.back(a), scale.back(b)]);
  });
  svg.addEventListener('pointercancel', () => { from = null; brush.setAttribute('visibility', 'hidden'); });
  host.replaceChildren(svg);
  if (picked) svg.append(s('title', {}, `${durationText(picked[0])} to ${durationText(picked[1])}`));
}
