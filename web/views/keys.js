// @ts-check
// Keys of the whole program, and the map of them. None fires while typing. A page adds its own by `pageKeys`.
import { byID, copy, fill, h, say } from './dom.js';
import { go, link, patch, place, range, time, undoZoom } from './router.js';
import { rangeText } from '../model/time.js';
import { openTimePicker, shiftTime } from './time-picker.js';

/** @typedef {{key: string, says: string, run: (event: KeyboardEvent) => void}} Key */

/** @type {Key[]} */
let pageKeys = [];
let pendingG = 0;
const patienceG = 900; // ms between g and its letter

const pages = { h: '/ui/services', v: '/ui/services', e: '/ui/explore', t: '/ui/traces', m: '/ui/map', i: '/ui/errors', l: '/ui/logs', b: '/ui/boards', o: '/ui/slos', a: '/ui/triggers', s: '/ui/send' };

/** @param {Key[]} keys of the page that is shown */
export function setPageKeys(keys) { pageKeys = keys; }

/** @param {{toggleLive: () => void, again: () => void}} actions */
export function startKeys(actions) {
  /** @type {Key[]} */
  const general = [
    { key: '/', says: 'Search, paste a trace id', run: () => byID('q').focus() },
    { key: '?', says: 'This map', run: showKeys },
    { key: '[', says: 'Earlier by one range', run: () => shiftTime(-1) },
    { key: ']', says: 'Later by one range', run: () => shiftTime(1) },
    { key: 'z', says: 'Undo zoom', run: () => { if (!undoZoom()) say('There is no zoom to undo'); } },
    { key: 'p', says: 'Pick a time', run: () => { if (!byID('time').hidden) openTimePicker(); } },
    { key: 'L', says: 'Live on, off', run: actions.toggleLive },
    { key: 'R', says: 'Read again', run: actions.again },
    { key: 'y', says: 'Fix the time and copy the link', run: copyLink },
    { key: 'j', says: 'Next row', run: () => step(1) },
    { key: 'k', says: 'Previous row', run: () => step(-1) },
    { key: 'f', says: 'Find on this page', run: () => /** @type {HTMLElement | null} */ (document.querySelector('[data-find]'))?.focus() },
  ];
  addEventListener('keydown', (event) => onKey(event, general));
  byID('keys-open').addEventListener('click', showKeys);
  byID('keys-close').addEventListener('click', () => byID('keys').close());
  /** Fills the map when it opens, so that it tells the page's keys too. */
  function showKeys() {
    const line = (/** @type {string} */ says, /** @type {string[]} */ ...keys) => h('li', {}, says,
      h('span', { class: 'nowrap' }, keys.map((k) => [h('kbd', {}, k), ' '])));
    fill(byID('keys-list'), line('Services, Explore, Traces, Map, Errors, Logs', 'g', 'v', 'e', 't', 'm', 'i', 'l'), line('Boards, SLOs, Triggers, Send data', 'g', 'b', 'o', 'a', 's'), pageKeys.map((k) => line(k.says, k.key)),
      general.filter((k) => !pageKeys.some((p) => p.key === k.key)).map((k) => line(k.says, k.key)));
    if (!byID('keys').open) byID('keys').showModal();
  }
}

/** @param {KeyboardEvent} event @param {Key[]} general */
function onKey(event, general) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (event.defaultPrevented || event.altKey) return;
  const typing = target.closest?.('input, textarea, select, [contenteditable]');
  if (event.key === 'Escape' && typing) { target.blur(); return; }
  if (event.metaKey || event.ctrlKey) {
    if (event.key === 'Enter') pageKeys.find((k) => k.key === '⌘↵')?.run(event);
    return;
  }
  if (typing || byID('keys').open || target.closest?.('[popover]')) return;
  if (Date.now() - pendingG < patienceG && event.key in pages) {
    pendingG = 0;
    event.preventDefault();
    go(link(pages[/** @type {keyof typeof pages} */ (event.key)]));
    return;
  }
  pendingG = event.key === 'g' ? Date.now() : 0;
  if ((event.key === ' ' || event.key === 'Enter') && target.closest?.('a, button, summary, [role=button]')) return; // it is the control's own
  const key = [...pageKeys, ...general].find((k) => k.key === event.key);
  if (key) { event.preventDefault(); key.run(event); }
}

async function copyLink() {
  if ('seconds' in range() && !byID('time').hidden) {
    const { start, end } = time();
    patch({ t: rangeText({ start: Math.floor(start), end: Math.ceil(end) }) }, { replace: true });
  }
  say(await copy(`${location.origin}${place.get().path}${location.search}`) ? 'Link copied, with its time fixed' : 'The link stands in the address bar, with its time fixed');
}

/** @param {1 | -1} direction over the rows of the page */
function step(direction) {
  const rows = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('[data-row]')]),
    at = rows.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  rows[Math.min(rows.length - 1, Math.max(0, at + direction))]?.focus();
}
