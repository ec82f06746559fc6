// @ts-check
// Value <-> pixel, and round ticks. Pure arithmetic.

/** @typedef {{at: (value: number) => number, back: (pixel: number) => number, ticks: number[], minor: number[]}} Scale */

/** @param {number} x @param {number} low @param {number} high @returns {number} */
export function clamp(x, low, high) { return Math.min(high, Math.max(low, x)); }

/** @param {number} top @param {number} [count] @returns {number} the next round number at or over top, so that ticks are round */
export function roundUp(top, count = 2) {
  if (!(top > 0)) return 1;
  const raw = top / count, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((m) => m * power >= raw - 1e-12) ?? 10;
  return step * power * count;
}

/**
 * @param {number} low
 * @param {number} high
 * @param {number} p0 pixel of low
 * @param {number} p1 pixel of high
 * @param {number} [count]
 * @returns {Scale}
 */
export function linear(low, high, p0, p1, count = 2) {
  const span = high - low || 1;
  return {
    at: (value) => p0 + (value - low) / span * (p1 - p0),
    back: (pixel) => low + (pixel - p0) / ((p1 - p0) || 1) * span,
    ticks: Array.from({ length: count + 1 }, (_, i) => low + span * i / count), minor: [],
  };
}

/** @param {number} low over 0 @param {number} high @param {number} p0 @param {number} p1 @returns {Scale} ticks at powers of ten */
export function log(low, high, p0, p1) {
  const a = Math.log10(low), b = Math.max(a + 1e-9, Math.log10(high));
  const at = (/** @type {number} */ value) => p0 + (Math.log10(Math.max(value, 1e-12)) - a) / (b - a) * (p1 - p0);
  const ticks = [], minor = [];
  for (let power = Math.floor(a); power <= Math.ceil(b); power += 1) {
    if (power >= a - 1e-9 && power <= b + 1e-9) ticks.push(10 ** power);
    for (const m of [2, 5]) if (power + Math.log10(m) > a && power + Math.log10(m) < b) minor.push(m * 10 ** power);
  }
  const some = ticks.length >= 2 ? ticks : [...ticks, ...minor].sort((x, y) => x - y);
  return { at, back: (pixel) => 10 ** (a + (pixel - p0) / ((p1 - p0) || 1) * (b - a)), ticks: some, minor: ticks.length >= 2 ? minor : [] };
}

/** @param {number} count @param {number} peak @returns {number} step 0...9 of the count ramp, by square root; -1 is empty */
export function heat(count, peak) {
  return count > 0 && peak > 0 ? Math.min(9, Math.floor(Math.sqrt(count / peak) * 10)) : -1;
}

/** @param {number} length ns of the axis @param {number} most @returns {number[]} round offsets for a trace's axis, in ns, from 0 */
export function offsetTicks(length, most) {
  const raw = length / Math.max(1, most), power = 10 ** Math.floor(Math.log10(raw || 1));
  const step = ([1, 2, 5, 10].find((m) => m * power >= raw) ?? 10) * power;
  const ticks = [];
  for (let t = 0; t <= length && ticks.length < 50; t += step) ticks.push(t);
  return ticks;
}
