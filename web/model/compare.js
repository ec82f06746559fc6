// @ts-check
// An answer beside that of an earlier time, in words.
import { digits } from './format.js';
import { lengthName } from './time.js';

/** Lengths that a question can be compared over, in seconds: those of Honeycomb's API. */
export const offsets = [1800, 3600, 7200, 28_800, 86_400, 604_800, 2_419_200, 15_724_800];

/** @param {number} seconds @returns {string} 1 day before */
export function beforeText(seconds) { return `${lengthName(seconds)} before`; }

/** @param {unknown} now @param {unknown} then @returns {string} +25 %; nothing where one of the two is no number */
export function changeText(now, then) {
  if (typeof now !== 'number' || typeof then !== 'number') return '';
  if (now === then) return 'the same';
  if (then === 0) return '';
  const change = (now - then) / Math.abs(then), percent = Math.abs(change) * 100;
  if (percent < 0.05) return 'the same';
  if (change >= 10) return `${digits(now / then)} ×`;
  return `${change > 0 ? '+' : '−'}${percent < 10 ? Math.round(percent * 10) / 10 : Math.round(percent)} %`;
}
