// @ts-check
// The URL is the state. Every view reads `place` and writes it by `go` and `patch`.
import { signal } from '../model/signal.js';
import { parseRange, rangeText, resolve } from '../model/time.js';
import { everything } from '../wire/api.js';

/** @typedef {{page: string, id: string, path: string, params: URLSearchParams}} Place */

/** Search parameters that stay when the page changes. */
const lasting = ['t', 'ds'];

/** @returns {Place} */
function read() {
  const [, first = '', second = '', third = ''] = location.pathname.split('/');
  const page = first === 'ui' ? second || 'services' : 'services';
  let id = '';
  try { id = decodeURIComponent(third); } catch { /* a broken escape is no id */ }
  return { page, id, path: location.pathname, params: new URLSearchParams(location.search) };
}

export const place = signal(read());
/** Counts up when the reader wants the answers anew. */
export const refresh = signal(0);
/** Ranges before each zoom, for undo. @type {string[]} */
const zooms = [];

addEventListener('popstate', () => place.set(read()));

/** Places visited inside the program: back stays inside when there are some. */
export const visited = signal(0);

/** @param {string} url @param {{replace?: boolean}} [options] */
export function go(url, { replace = false } = {}) {
  if (!replace) visited.set(visited.get() + 1);
  history[replace ? 'replaceState' : 'pushState'](null, '', url);
  place.set(read());
}

/** @param {Record<string, string | string[] | null | undefined>} changes null and [] take away @param {{replace?: boolean}} [options] */
export function patch(changes, options) {
  const { path, params } = place.get(), next = new URLSearchParams(params);
  for (const [key, value] of Object.entries(changes)) {
    next.delete(key);
    for (const item of Array.isArray(value) ? value : value == null || value === '' ? [] : [value]) next.append(key, item);
  }
  if (String(next) === String(params)) return;
  go(`${path}${next.size ? `?${next}` : ''}`, options);
}

/** @param {string} path @param {Record<string, string | string[] | null | undefined>} [more] @returns {string} a link that keeps time and dataset */
export function link(path, more = {}) {
  const next = new URLSearchParams(), { params } = place.get();
  for (const key of lasting) if (params.has(key) && !(key in more)) next.set(key, /** @type {string} */ (params.get(key)));
  for (const [key, value] of Object.entries(more)) for (const item of Array.isArray(value) ? value : value == null || value === '' ? [] : [value]) next.append(key,
    item);
  return `${path}${next.size ? `?${next}` : ''}`;
}

/** @returns {string} the dataset of the URL */
export function dataset() { return place.get().params.get('ds') || everything; }
/** @returns {import('../model/time.js').Range} */
export function range() { return parseRange(place.get().params.get('t')); }
/** @returns {boolean} whether the page looks at all times: those that have no need of a range, while the URL names none */
export function isAnyTime() { return place.get().page === 'errors' && !place.get().params.has('t'); }
/** @returns {{start: number, end: number}} Unix seconds, of this moment */
export function time() { return resolve(range(), Date.now() / 1000); }

/** @param {import('../model/time.js').Range} next */
export function setRange(next) { patch({ t: rangeText(next) }); }
/** @param {number} start @param {number} end Unix seconds */
export function zoom(start, end) {
  zooms.push(rangeText(range()));
  setRange({ start: Math.floor(start), end: Math.max(Math.floor(start) + 1, Math.ceil(end)) });
}
/** @returns {boolean} whether there was a zoom to undo */
export function undoZoom() {
  const text = zooms.pop();
  if (text) patch({ t: text });
  return Boolean(text);
}

const zoneKey = 'cairn.zone';
/** Whether times are told in UTC. A reader's choice, so not in the URL. */
export const utc = signal(stored(zoneKey) !== 'local');
utc.subscribe((value) => store(zoneKey, value ? 'utc' : 'local'));

/** @param {string} key @returns {string | null} */
export function stored(key) { try { return localStorage.getItem(key); } catch { return null; } }
/** @param {string} key @param {string} value */
export function store(key, value) { try { localStorage.setItem(key, value); } catch { /* a closed storage forgets: that is all */ } }
