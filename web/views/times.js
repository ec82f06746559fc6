// @ts-check
// Instants on a page: told as the reader chose, and held so that other tools take them.
import { ago } from '../model/format.js';
import { iso, stamp } from '../model/time.js';
import { copyButton, h } from './dom.js';
import { link, utc } from './router.js';

/** @param {number} us @param {any} [text] @param {string} [className] @returns {HTMLElement} an instant; pointing at it tells it whole, with its zone */
export function instant(us, text = stamp(us, utc.get()), className = '') {
  return h('time', { class: className || null, datetime: iso(us, true), title: told(us) }, text);
}

/** @param {number} us @returns {string} the instant with its zone, and how long ago it was */
export function told(us) { return `${iso(us, utc.get())}, ${ago(us, Date.now() * 1000)}`; }

/** The lines of a time, in order. */
export const aroundQuery = 'fields @timestamp, @message | sort @timestamp asc | limit 500';
const aroundUs = 2e6; // what else was written: so long before and after

/** @param {number} us @param {number} [endUs] @param {string | string[]} [groups] none: all @param {number} [besideUs] @returns {string} the way to the log lines of that time, whichever trace they carry */
export function linesAround(us, endUs = us, groups = [], besideUs = aroundUs) {
  return link('/ui/logs', { g: groups, t: `${Math.floor((us - besideUs) / 1e6)}..${Math.ceil((endUs + besideUs) / 1e6)}`, q: aroundQuery });
}

/** @param {number} us @returns {HTMLElement} copies the instant */
export function copyTime(us) { return copyButton(() => iso(us, utc.get()), '', 'the time'); }
