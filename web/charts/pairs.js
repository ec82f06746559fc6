// @ts-check
// BubbleUp's bars: your selection above, the rest below, both from 0 and both in shares of their own side.
import { s } from './svg.js';

/** @param {number} selection 0...1 @param {number} baseline 0...1 @returns {SVGElement} */
export function pairBar(selection, baseline) {
  const width = (/** @type {number} */ share) => `${Math.max(share > 0 ? 0.8 : 0, share * 100)}%`;
  return s('svg', { class: 'pair', width: '100%', height: 17, 'aria-hidden': 'true' },
    s('rect', { x: 0, y: 1, height: 8, width: width(selection), fill: 'var(--pick)' }), s('rect',
      { x: 0, y: 9.5, height: 6, width: width(baseline), fill: 'var(--base)' }));
}

/** @param {{edges: number[], selection: number[], baseline: number[]}} histogram @returns {SVGElement} */
export function pairHistogram({ selection, baseline }) {
  const share = (/** @type {number[]} */ list) => { const sum = list.reduce((a, b) => a + b, 0) || 1; return list.map((n) => n / sum); };
  const [a, b] = [share(selection), share(baseline)], most = Math.max(...a, ...b) || 1, slot = 100 / Math.max(1, a.length);
  return s('svg', { class: 'pair-hist', width: '100%', height: 52, 'aria-hidden': 'true' },
    a.map((_, i) => [[a[i], 'var(--pick)', 0.06], [b[i], 'var(--base)', 0.5]].map(([v, fill, at]) => {
    const tall = Number(v) > 0 ? Math.max(1, Number(v) / most * 50) : 0;
    return s('rect', { x: `${(i + Number(at)) * slot}%`, width: `${slot * 0.42}%`, y: 52 - tall, height: tall, fill: String(fill) });
  })));
}
