// @ts-check
// Figures with their units. A figure is [number text, unit text]; "–" is unknown, never 0.
import { isLarge } from './json.js';

/** @typedef {[string, string]} Figure */

const group = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** @param {number} n @returns {string} 1,234,567 */
export function whole(n) { return group.format(n); }

/** @param {number} n @returns {string} at most three digits that matter: 1.23 k */
export function short(n) {
  const size = Math.abs(n);
  if (size < 10000) return Number.isInteger(n) ? whole(n) : digits(n);
  const [divisor, letter] = size >= 1e12 ? [1e12, 'T'] : size >= 1e9 ? [1e9, 'G'] : size >= 1e6 ? [1e6, 'M'] : [1e3, 'k'];
  return `${digits(n / divisor)} ${letter}`;
}

/** @param {number} n @returns {string} three significant digits, without needless zeros */
export function digits(n) {
  const size = Math.abs(n);
  if (size === 0) return '0';
  if (size >= 100) return whole(n);
  if (size < 0.001) return n.toExponential(1);
  return n.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : 3).replace(/\.?0+$/, '');
}

/** @param {number | null | undefined} ms @returns {Figure} */
export function duration(ms) {
  if (ms == null || Number.isNaN(ms)) return ['–', ''];
  const size = Math.abs(ms);
  if (size >= 3600e3) return [(ms / 3600e3).toFixed(2), 'h'];
  if (size >= 120e3) return [(ms / 60e3).toFixed(1), 'min'];
  if (size >= 1000) return [(ms / 1000).toFixed(2), 's'];
  if (size >= 100) return [ms.toFixed(0), 'ms'];
  if (size >= 1) return [ms.toFixed(1), 'ms'];
  if (size >= 0.001) return [(ms * 1000).toFixed(0), 'µs'];
  return [(ms * 1e6).toFixed(0), 'ns'];
}

/** @param {number | null | undefined} ms @returns {string} */
export function durationText(ms) { return duration(ms).join(' ').trim(); }

/** @param {number} ms @returns {string} for an axis: 10 ms, 1 s, 500 µs; no needless decimals */
export function durationTick(ms) {
  const [size, unit] = ms >= 3600e3 ? [3600e3, 'h'] : ms >= 120e3 ? [60e3, 'min'] : ms >= 1000 ? [1000, 's'] : ms >= 1 || ms === 0 ? [1,
    'ms'] : ms >= 0.001 ? [0.001, 'µs'] : [1e-6, 'ns'];
  return ms === 0 ? '0' : `${Number((ms / size).toPrecision(4))} ${unit}`;
}

/** @param {number | null | undefined} share 0...1 @returns {Figure} */
export function percent(share) {
  if (share == null || Number.isNaN(share)) return ['–', ''];
  const value = share * 100;
  if (value === 0 || value === 100) return [String(value), '%'];
  if (value < 0.01) return ['< 0.01', '%'];
  return [value >= 10 ? value.toFixed(0) === '100' ? '> 99' : value.toFixed(0) : value.toFixed(value >= 1 ? 1 : 2), '%'];
}

/** @param {number} perSecond @returns {Figure} in the unit that gives a readable number */
export function rate(perSecond) {
  if (perSecond === 0) return ['0', '/s'];
  if (perSecond >= 0.095) return [perSecond >= 100 ? short(Math.round(perSecond)) : String(Number(perSecond.toPrecision(2))), '/s'];
  if (perSecond * 60 >= 0.095) return [String(Number((perSecond * 60).toPrecision(2))), '/min'];
  return [String(Number((perSecond * 3600).toPrecision(2))), '/h'];
}

/** @param {number} change 0.5 is half more @returns {Figure} "+50 %", from thrice on "× 4.1" */
export function times(change) {
  if (change >= 2) return [`× ${digits(change + 1)}`, ''];
  const points = Math.round(Math.abs(change) * 100);
  return [`${points === 0 ? '' : change > 0 ? '+' : '−'}${points}`, '%'];
}

/** @param {number} bytes @returns {Figure} */
export function bytes(bytes) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = bytes, unit = 0;
  while (Math.abs(size) >= 1000 && unit < units.length - 1) { size /= 1000; unit += 1; }
  return [digits(size), units[unit]];
}

/** @param {number} us an instant @param {number} nowUs @returns {string} 12 s ago */
export function ago(us, nowUs) {
  const seconds = Math.round((nowUs - us) / 1e6);
  if (seconds < 1) return 'now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

/** @param {number} count @param {string} one @param {string} [many] @returns {string} "1 span", "2,000 spans" */
export function plural(count, one, many = `${one}s`) { return `${whole(count)} ${count === 1 ? one : many}`; }

/** @param {string} column @returns {'ms' | 'bytes' | ''} the unit that a column's name tells */
export function columnUnit(column) {
  if (/(^|[._])(duration_ms|latency_ms|elapsed_ms)$|_ms$/.test(column)) return 'ms';
  return /(^|[._])(bytes|size_bytes|body\.size)$|_bytes$/.test(column) ? 'bytes' : '';
}

/** @param {unknown} value @param {string} [unit] @returns {Figure} any field or result, as a figure */
export function figure(value, unit = '') {
  if (value === null || value === undefined) return ['–', ''];
  if (isLarge(value)) return unit ? figure(Number(value), unit) : [group.format(BigInt(String(value))), ''];
  if (typeof value !== 'number') return [typeof value === 'string' ? value : JSON.stringify(value), ''];
  if (unit === 'ms') return duration(value);
  if (unit === 'bytes') return bytes(value);
  if (unit === '/s') return [digits(value), '/s'];
  return [Number.isInteger(value) ? whole(value) : digits(value), ''];
}

/** @param {string} code @param {number} [most] @returns {string} the first characters of a long text, with its end marked */
export function cut(code, most = 300) { return code.length > most ? `${code.slice(0, most)}…` : code; }
