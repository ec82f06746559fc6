// @ts-check
import { s } from './svg.js';

/**
 * A line without axes, from zero; its last value is the dot. Gaps are unknown values.
 * @param {(number | null)[]} values @param {{width?: number, height?: number, colour?: string, filled?: boolean, room?: number}} [options] room: how much of the
 *   height stays free above, as a factor of the greatest value
 * @returns {SVGElement}
 */
export function sparkline(values, { width = 84, height = 22, colour = 'var(--ink3)', filled = false, room = 1.2 } = {}) {
  const most = Math.max(0, ...values.map((v) => v ?? 0)) * room || 1, last = values.findLastIndex((v) => v != null);
  const x = (/** @type {number} */ i) => 1 + i * (width - 5) / Math.max(1, values.length - 1),
    y = (/** @type {number} */ v) => height - 2 - v / most * (height - 4);
  let path = '', open = false;
  values.forEach((v, i) => {
    if (v == null) { open = false; return; }
    path += `${open ? 'L' : 'M'}${x(i).toFixed(1)} ${y(v).toFixed(1)}`;
    open = true;
  });
  const first = values.findIndex((v) => v != null);
  return s('svg', { width, height, viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' },
    filled && last >= 0 && s('path', { d: `${path.replaceAll('M', 'L').replace('L', 'M')}L${x(last)} ${height}L${x(first)} ${height}Z`, fill: colour,
      opacity: 0.14 }),
    s('path', { d: path, fill: 'none', stroke: colour, 'stroke-width': 1.4, 'stroke-linejoin': 'round' }),
    last >= 0 && s('circle', { cx: x(last), cy: y(/** @type {number} */ (values[last])), r: 2, fill: colour }));
}

/**
 * @param {(number | null)[]} values
 * @param {{width?: number, height?: number, colour?: string}} [options]
 * @returns {SVGElement} bars, for a row of a table
 */
export function sparkbars(values, { width = 180, height = 18, colour = 'var(--base)' } = {}) {
  const groups = Math.min(values.length, Math.floor(width / 3)) || 1, per = values.length / groups;
  // The mean of a bar's steps: where one bar has two of them and its neighbour one, a sum would be twice as tall.
  const means = Array.from({ length: groups }, (_, g) => {
    const own = values.slice(Math.floor(g * per), Math.max(Math.floor(g * per) + 1, Math.floor((g + 1) * per)));
    return own.reduce((a, v) => /** @type {number} */ (a) + (v ?? 0), 0) / own.length;
  });
  const most = Math.max(...means.map(Number)) || 1;
  let bars = '', none = ''; // two paths for all bars: tables have many rows
  means.forEach((v, i) => {
    const tall = v ? Math.max(1.5, Number(v) / most * (height - 1)) : 0.5, wide = Math.max(1, width / groups - 1);
    const bar = `M${(i * width / groups).toFixed(1)} ${height}v${-tall.toFixed(1)}h${wide.toFixed(1)}V${height}Z`;
    if (v) bars += bar; else none += bar;
  });
  return s('svg', { width, height, viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' },
    s('path', { d: none, fill: 'var(--line2)' }), s('path', { d: bars, fill: colour }));
}
