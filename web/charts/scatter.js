// @ts-check
import { linear, log } from '../model/scales.js';
import { durationTick } from '../model/format.js';
import { timeTicks } from '../model/time.js';
import { s } from './svg.js';

/** @typedef {{us: number, ms: number, error: boolean, size: number, label: string, open: () => void}} Dot */

/**
 * Traces by start and duration. The table below holds the same links, so the dots stay out of the tab order.
 * @param {HTMLElement} host @param {Dot[]} dots @param {boolean} utc
 */
export function scatter(host, dots, utc) {
  const width = host.clientWidth, height = host.clientHeight, left = 50, right = width - 12, top = 10, bottom = height - 20;
  if (!width || !height || !dots.length) return;
  const starts = dots.map((d) => d.us), lengths = dots.map((d) => Math.max(d.ms, 0.001));
  const first = Math.min(...starts), last = Math.max(...starts), air = (last - first) * 0.02 || 1e6;
  const x = linear(first - air, last + air, left, right);
  const y = log(10 ** Math.floor(Math.log10(Math.min(...lengths))), 10 ** Math.ceil(Math.log10(Math.max(...lengths) * 1.0001)), bottom, top);
  const ticks = y.ticks.length > 4 ? y.ticks.filter((_, i) => i % 2 === 0) : y.ticks;
  host.replaceChildren(s('svg', { role: 'img', 'aria-label': `${dots.length} traces by start and duration`, width, height },
    ticks.map((v) => [s('line', { class: 'gr', x1: left, x2: right, y1: Math.round(y.at(v)) + 0.5, y2: Math.round(y.at(v)) + 0.5 }),
      s('text', { class: 'ax', x: left - 6, y: y.at(v) + 4, 'text-anchor': 'end' }, durationTick(v))]),
    timeTicks(first - air, last + air, Math.max(2, Math.floor((right - left) / 100)), utc).map((t) => s('text',
      { class: 'ax', x: x.at(t.us), y: height - 4, 'text-anchor': 'middle' }, t.text)),
    [...dots].sort((a, b) => Number(a.error) - Number(b.error)).map((d) => {
      const r = Math.min(9, (d.error ? 4 : 2.5) + Math.log10(Math.max(1, d.size)) * 1.6), cx = x.at(d.us), cy = y.at(Math.max(d.ms, 0.001));
      const dot = s('g', { class: 'dot' }, s('title', {}, d.label), s('circle', { cx, cy, r, fill: d.error ? 'var(--err)' : 'var(--base)',
        'fill-opacity': 0.75, stroke: 'var(--panel)' }),
        d.error && s('path', { d: `M${cx} ${cy - 2.4}v2.8m0 1.6v.3`, stroke: 'var(--panel)', 'stroke-width': 1.4, 'stroke-linecap': 'round' }));
      dot.addEventListener('click', d.open);
      return dot;
    })));
}
