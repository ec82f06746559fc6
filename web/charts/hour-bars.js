// @ts-check
// Counts by hour over the width that there is, with marks where something began, such as a deploy.
import { s } from './svg.js';

const tall = 44, above = 14, below = 16; // px: bars, room for marks, room for times

/**
 * @param {number[]} values oldest first @param {{at: number, text: string, title: string}[]} marks at: 0 to 1 over the width
 * @param {{at: number, text: string}[]} times @param {string} label what it shows, for those who do not see
 * @param {{band?: {from: number, to: number} | null, tell?: (i: number) => string, pick?: (i: number) => void}} [more] band: 0 to 1, what is chosen; pick: of a bar
 * @returns {SVGElement}
 */
export function hourBars(values, marks, times, label, { band = null, tell, pick } = {}) {
  const most = Math.max(1, ...values), share = (/** @type {number} */ part) => `${(part * 100).toFixed(2)}%`, foot = above + tall;
  const anchor = (/** @type {number} */ at) => (at > 0.8 ? 'end' : at < 0.08 ? 'start' : 'middle');
  return s('svg', { class: 'hour-bars', width: '100%', height: foot + below, role: 'img', 'aria-label': label },
    band && s('rect', { class: 'band', x: share(band.from), width: share(band.to - band.from), y: above, height: tall }),
    s('line', { x1: 0, x2: '100%', y1: foot, y2: foot, class: 'axis' }),
    values.map((v, i) => { const height = v ? Math.max(2, v / most * tall) : 0;
      return v ? s('rect', { x: share((i + 0.08) / values.length), width: share(0.84 / values.length), y: foot - height, height, class: 'hour' }) : null; }),
    pick && values.map((_, i) => { const whole = s('rect', { class: 'hour-pick', x: share(i / values.length), width: share(1 / values.length), y: above, height: tall }, s('title', {}, tell?.(i) ?? ''));
      whole.addEventListener('click', () => pick(i)); return whole; }),
    marks.map((m) => s('g', {}, s('title', {}, m.title), s('line', { x1: share(m.at), x2: share(m.at), y1: above - 2, y2: foot, class: 'mark' }),
      s('text', { x: share(m.at), y: above - 5, 'text-anchor': anchor(m.at), class: 'mark-text' }, m.text))),
    times.map((t) => s('text', { x: share(t.at), y: foot + 12, 'text-anchor': t.at === 0 ? 'start' : t.at >= 1 ? 'end' : 'middle', class: 'time-text' }, t.text)));
}
