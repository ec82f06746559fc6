// @ts-check
// A small picture of two counts over time: all, and of these the kept ones.
import { s } from './svg.js';

const width = 140, height = 28;

/**
 * @param {number[]} all one a bar, oldest first @param {number[]} part of each bar @param {string} label what it shows, for those who do not see
 * @returns {SVGElement}
 */
export function keptBars(all, part, label) {
  const most = Math.max(1, ...all), step = width / Math.max(1, all.length);
  const bar = (/** @type {number} */ i, /** @type {number} */ value, /** @type {string} */ name) => s('rect', { class: name, x: (i * step).toFixed(2),
    width: Math.max(1, step - 0.6).toFixed(2), y: (height - value / most * height).toFixed(2), height: (value / most * height).toFixed(2) });
  return s('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label, preserveAspectRatio: 'none' },
    ...all.flatMap((value, i) => value > 0 ? [bar(i, value, 'spark-all'), bar(i, Math.min(part[i] ?? 0, value), 'spark-kept')] : []));
}
