// @ts-check
// Time ranges. A range is {seconds} back from now, or {start, end} in Unix seconds. In the URL: t=1h, or t=1795392000..1795395600.

/** @typedef {{seconds: number} | {start: number, end: number}} Range */

export const presets = [
  { text: '5m', seconds: 300 }, { text: '15m', seconds: 900 }, { text: '1h', seconds: 3600 },
  { text: '6h', seconds: 21600 }, { text: '24h', seconds: 86400 }, { text: '7d', seconds: 604800 },
];
const unitSeconds = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 };
const maxSeconds = 10 * 365 * 86400; // ten years: more is a typing error

/**
 * Reads the URL's form; anything unreadable is the fallback.
 * @param {string | null} text
 * @param {Range} [fallback]
 * @returns {Range}
 */
export function parseRange(text, fallback = { seconds: 3600 }) {
  const relative = /^(\d+(?:\.\d+)?)([smhdw])$/.exec(text ?? '');
  if (relative) {
    const seconds = Number(relative[1]) * unitSeconds[/** @type {'s'} */ (relative[2])];
    return seconds > 0 && seconds <= maxSeconds ? { seconds } : fallback;
  }
  const absolute = /^(\d+(?:\.\d+)?)\.\.(\d+(?:\.\d+)?)$/.exec(text ?? '');
  if (!absolute) return fallback;
  const start = Number(absolute[1]), end = Number(absolute[2]);
  return end > start && end - start <= maxSeconds ? { start, end } : fallback;
}

/** @param {number} seconds @returns {string} the shortest exact form, as 1h, 90m or 45s */
export function lengthText(seconds) {
  for (const unit of /** @type {const} */ (['d', 'h', 'm'])) {
    const size = unitSeconds[unit];
    if (seconds >= size && seconds % size === 0 && !(unit === 'd' && seconds === 86400)) return `${seconds / size}${unit}`;
  }
  return `${trim(seconds)}s`;
}

/** @param {Range} range @returns {string} the URL's form */
export function rangeText(range) {
  return 'seconds' in range ? lengthText(range.seconds) : `${trim(range.start)}..${trim(range.end)}`;
}

/** @param {Range} range @param {number} now Unix seconds @returns {{start: number, end: number}} */
export function resolve(range, now) {
  return 'seconds' in range ? { start: now - range.seconds, end: now } : { start: range.start, end: range.end };
}

/**
 * One range earlier (-1) or later (+1). Later than now does not exist: then the range ends now, and a relative one stays relative.
 * @param {Range} range @param {-1 | 1} direction @param {number} now
 * @returns {Range}
 */
export function shift(range, direction, now) {
  const { start, end } = resolve(range, now), length = end - start;
  const moved = { start: start + direction * length, end: end + direction * length };
  if (direction > 0 && moved.end >= now) return 'seconds' in range ? range : { start: now - length, end: now };
  return moved;
}

const pad = (/** @type {number} */ n, size = 2) => String(n).padStart(size, '0');
const trim = (/** @type {number} */ n) => String(Math.round(n * 1000) / 1000);

/** @param {number} us Unix microseconds @param {boolean} utc */
export function parts(us, utc) {
  const date = new Date(us / 1000);
  const read = (/** @type {'FullYear'|'Month'|'Date'|'Hours'|'Minutes'|'Seconds'|'Milliseconds'|'Day'} */ part) =>
    utc ? date[`getUTC${part}`]() : date[`get${part}`]();
  return { year: read('FullYear'), month: read('Month') + 1, day: read('Date'), hour: read('Hours'), minute: read('Minutes'),
    second: read('Seconds'), milli: read('Milliseconds') };
}

/** @param {number} us @param {boolean} utc @param {'minute' | 'second' | 'milli'} [precision] @returns {string} 14:32:05.118 */
export function clock(us, utc, precision = 'second') {
  const p = parts(us, utc);
  const head = `${pad(p.hour)}:${pad(p.minute)}`;
  if (precision === 'minute') return head;
  return precision === 'second' ? `${head}:${pad(p.second)}` : `${head}:${pad(p.second)}.${pad(p.milli, 3)}`;
}

/** @param {number} us @param {boolean} utc @returns {string} 2026-11-23 14:32:05 */
export function stamp(us, utc) {
  const p = parts(us, utc);
  return `${p.year}-${pad(p.month)}-${pad(p.day)} ${clock(us, utc)}`;
}

/** @param {number} us @param {boolean} utc @returns {string} as other tools take it: 2026-11-23T14:32:05.118Z, or with the offset of the reader's zone */
export function iso(us, utc) {
  const whole = Math.round(us), rest = ((whole % 1000) + 1000) % 1000, p = parts(whole, utc);
  const fraction = rest ? `${pad(p.milli, 3)}${pad(rest, 3)}` : pad(p.milli, 3), minutes = utc ? 0 : offsetMinutes(whole);
  const zone = utc ? 'Z' : `${minutes < 0 ? '-' : '+'}${pad(Math.floor(Math.abs(minutes) / 60))}:${pad(Math.abs(minutes) % 60)}`;
  return `${p.year}-${pad(p.month)}-${pad(p.day)}T${clock(whole, utc)}.${fraction}${zone}`;
}

/** @param {number} us @returns {number} minutes that the reader's zone is ahead of UTC then */
function offsetMinutes(us) { return -new Date(us / 1000).getTimezoneOffset(); }

/** @param {number} us @param {boolean} utc @returns {string} UTC, or how far the reader's zone is from it then: UTC+1, UTC-3:30 */
export function zoneName(us, utc) {
  if (utc) return 'UTC';
  const minutes = offsetMinutes(us), size = Math.abs(minutes);
  return `UTC${minutes < 0 ? '-' : '+'}${Math.floor(size / 60)}${size % 60 ? `:${pad(size % 60)}` : ''}`;
}

const epochUnits = /** @type {Record<number, number>} */ ({ 10: 1, 13: 1e3, 16: 1e6, 19: 1e9 }); // digits of this century's Unix times: s, ms, us, ns

/**
 * @param {string} text as 2026-11-23 14:32[:05], as RFC 3339 with its own zone, or as a Unix time in s, ms, us or ns
 * @param {boolean} utc the zone of a text that names none @returns {number | null} Unix seconds
 */
export function parseStamp(text, utc) {
  const digits = /^\s*(\d+)(?:\.(\d+))?\s*$/.exec(text), unit = digits && epochUnits[digits[1].length];
  if (unit) return Number(text) / unit;
  const m = /^\s*(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2}(?:[.,]\d+)?))?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?\s*$/i.exec(text);
  if (!m) return null;
  const [year, month, day, hour, minute] = [Number(m[1]), Number(m[2]) - 1, Number(m[3]), Number(m[4] ?? 0), Number(m[5] ?? 0)];
  const second = Number((m[6] ?? '0').replace(',', '.')), zone = /^([+-])(\d{2}):?(\d{2})$/.exec(m[7] ?? ''), named = Boolean(m[7]);
  if (month > 11 || day < 1 || day > 31 || hour > 23 || minute > 59 || second >= 60) return null;
  const whole = Math.floor(second), milli = Math.round((second - whole) * 1000);
  const ms = utc || named ? Date.UTC(year, month, day, hour, minute, whole, milli) : new Date(year, month, day, hour, minute, whole, milli).getTime();
  if (parts(ms * 1000, utc || named).day !== day) return null; // 31 February
  return ms / 1000 - (zone ? Number(`${zone[1]}1`) * (Number(zone[2]) * 60 + Number(zone[3])) * 60 : 0);
}

/** @param {Range} range @param {number} now @param {boolean} utc @returns {{name: string, span: string}} "Last 1 h" and "13:32–14:32 UTC" */
export function rangeName(range, now, utc) {
  const { start, end } = resolve(range, now), zone = zoneName(end * 1e6, utc);
  const day = (/** @type {number} */ s) => stamp(s * 1e6, utc).slice(5, 10);
  const sameDay = stamp(start * 1e6, utc).slice(0, 10) === stamp(end * 1e6, utc).slice(0, 10);
  const precision = end - start < 120 ? 'second' : 'minute';
  const at = (/** @type {number} */ s) => clock(s * 1e6, utc, precision);
  const span = sameDay ? `${at(start)}–${at(end)} ${zone}` : `${day(start)} ${at(start)} – ${day(end)} ${at(end)} ${zone}`;
  if (!('seconds' in range)) return { name: span, span: lengthName(end - start) };
  return { name: `Last ${lengthName(range.seconds)}`, span };
}

/** @param {number} seconds @returns {string} as 1 h, 90 min, 7 d */
export function lengthName(seconds) {
  const text = lengthText(Math.max(1, Math.round(seconds)));
  const long = { s: 's', m: 'min', h: 'h', d: 'd' };
  if (text.endsWith('s') && seconds >= 120) {
    return seconds >= 7200 ? `${(seconds / 3600).toFixed(1)} h` : `${Math.round(seconds / 60)} min`;
  }
  return `${text.slice(0, -1)} ${long[/** @type {'s'} */ (text.slice(-1))]}`;
}

const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800];

/**
 * Round instants for an axis.
 * @param {number} startUs @param {number} endUs @param {number} most how many fit @param {boolean} utc
 * @returns {{us: number, text: string}[]}
 */
export function timeTicks(startUs, endUs, most, utc) {
  const seconds = (endUs - startUs) / 1e6;
  const step = steps.find((s) => seconds / s <= most) ?? Math.ceil(seconds / most / 86400) * 86400;
  const zone = utc ? 0 : new Date(startUs / 1000).getTimezoneOffset() * 60;
  const first = Math.ceil((startUs / 1e6 - zone) / step) * step + zone;
  const ticks = [];
  for (let s = first; s <= endUs / 1e6 && ticks.length < 40; s += step) {
    const us = s * 1e6;
    ticks.push({ us, text: step >= 86400 ? stamp(us, utc).slice(5, 10) : clock(us, utc, step < 60 ? 'second' : 'minute') });
  }
  return ticks;
}

/** @typedef {{startUs: number, stepUs: number, count: number, fromUs?: number, toUs?: number}} Steps  fromUs, toUs: the time that was asked for and has happened */

/** @param {{start: number, end: number}} span of the question, in Unix seconds @param {number} now @returns {{fromUs: number, toUs: number}} what is known of it */
export function knownTime({ start, end }, now) { return { fromUs: start * 1e6, toUs: Math.min(end, now) * 1e6 }; }

/** @param {Steps} steps @param {number} i @returns {number} which share of a step is known: drawn as if it were whole, the others look like a fall of traffic */
export function knownShare({ startUs, stepUs, count, fromUs = -Infinity, toUs = Infinity }, i) {
  if (i < 0 || i >= count) return 1;
  const at = startUs + i * stepUs;
  return Math.max(0, Math.min(at + stepUs, toUs) - Math.max(at, fromUs)) / stepUs;
}

const leastShare = 0.95; // a question takes a moment, and its time goes on

/** @param {Steps} steps @param {number} i */
export function isPartial(steps, i) { return knownShare(steps, i) < leastShare; }

/** @param {Steps} steps @returns {string} for a legend; empty where all steps are whole */
export function partialWords(steps) {
  const found = [isPartial(steps, 0) && 'first', steps.count > 1 && isPartial(steps, steps.count - 1) && 'last'].filter(Boolean);
  return found.length ? `${found.join(' and ')} step not whole` : '';
}
