// @ts-check
// Loading, empty, failed: said in the place where the answer would stand.
import { icon } from '../charts/svg.js';
import { clock } from '../model/time.js';
import { isAbort } from '../wire/http.js';
import { hasKey } from '../wire/key.js';
import { fill, h } from './dom.js';
import { keyButton } from './key-form.js';
import { link, place, utc } from './router.js';

const patience = 120; // ms before a skeleton: faster answers need none
/** Where the others are, of a page of one thing that is gone. @type {Record<string, [string, string]>} */
const lists = { errors: ['/ui/errors', 'All errors'], occurrence: ['/ui/errors', 'All errors'], boards: ['/ui/boards', 'All boards'], slos: ['/ui/slos', 'All SLOs'] };
const retryPause = 3000; // ms, while the server does not answer

/** @param {string} title @param {any[]} text @param {any[]} [actions] @returns {HTMLElement} */
export function empty(title, text, actions = []) {
  return h('div', { class: 'empty' }, h('b', {}, title), h('p', {}, text), actions.length > 0 && h('div', { class: 'row wrap' }, actions));
}

/** @param {number} [lines] @param {boolean} [big] @returns {HTMLElement} */
export function skeleton(lines = 4, big = false) {
  return h('div', { class: 'skeleton', 'aria-hidden': 'true' }, h('div', { class: 'skel' }), big && h('div', { class: 'skel big' }),
    Array.from({ length: lines }, (_, i) => h('div', { class: 'skel', vars: { width: `${96 - (i * 17) % 30}%` } })));
}

/** @param {any} error @param {boolean} isAskedAgain @returns {{title: string, what: string}} */
function words(error, isAskedAgain) {
  if (error.kind === 'offline') return { title: 'Cairn does not answer.',
    what: `Is the server running? Start it with ./run${isAskedAgain ? '; this page asks again every 3 seconds' : ''}.` };
  if (error.kind === 'shape') return { title: 'The answer cannot be read.',
    what: `${error.message} A proxy between this page and Cairn may have answered in its place.` };
  if (error.status === 401) return { title: hasKey() ? 'This server does not take the key.' : 'This server wants a key.', what: hasKey() ? error.message : 'It is given once, and stays in this browser.' };
  if (error.status === 403) return { title: 'The key does not reach that far.', what: error.message };
  if (error.status === 429 || error.status === 503) return { title: 'Cairn is busy.',
    what: `${error.message} Try again in a moment, or take a shorter time.` };
  if (error.status >= 500) return { title: 'Cairn could not answer.', what: `${error.message ?? error} The server's own log says more.` };
  if (error.status === 422 && /took longer than|needs more than|makes more than/.test(error.message)) return { title: 'The question is too big.',
    what: `${error.message.replace(/took longer than (\d+)000 ms/, 'took longer than $1 s, which is as long as one may take')}. A shorter time or one more filter helps.` };
  if (error.status === 404) return { title: 'Not found.', what: `${error.message ?? error}` };
  return { title: error.status ? 'This question does not work.' : 'Something on this page broke.',
    what: `${error.message ?? error}${error.field ? ` (${error.field})` : ''}` };
}

/** @param {any} error @param {() => void} [retry] @returns {HTMLElement} what, why, and a button that helps; the rest of the page stays */
export function failed(error, retry) {
  const { title, what } = words(error, Boolean(retry)), list = error.status === 404 && place.get().id ? lists[place.get().page] : null;
  return h('div', { class: 'note err', role: 'alert' }, icon('err'), h('div', { class: 'grow' }, h('b', {}, title),
    h('span', { class: 'small pre' }, what)), list && h('a', { class: 'btn sm pri', href: link(list[0]) }, list[1]),
    error.status === 401 || error.status === 403 ? keyButton() : retry && h('button', { class: 'btn sm', type: 'button', onclick: retry }, 'Try again'));
}

/** Whose content is old or missing because the server is away, and of when it is; 0: it never came. @type {Map<object, number>} */
const away = new Map();
const lost = h('div', { class: 'note warn lost', role: 'alert' });

/** Says once for the whole page that what is shown is old; the content stays as it is. @param {object} who @param {number} at Unix ms of its content; 0: it has none */
export function showAway(who, at) {
  away.set(who, at);
  const oldest = Math.min(...[...away.values()].filter(Boolean));
  const what = Number.isFinite(oldest) ? `This is what it said at ${clock(oldest * 1000, utc.get())}.` : 'Is the server running? Start it with ./run.', said = `${what} It is asked again every 3 seconds.`;
  if (lost.isConnected && lost.textContent?.endsWith(said)) return; // said once to those who listen, too
  fill(lost, icon('warn'), h('div', { class: 'grow' }, h('b', {}, 'Cairn does not answer.'), h('span', { class: 'small' }, said)));
  if (!lost.isConnected) document.body.append(lost);
}

/** @param {object} who has an answer again, or asks no more */
export function endAway(who) { if (away.delete(who) && !away.size) lost.remove(); }

/**
 * Asks and draws; a newer question ends the older one. Old content stays, faded, until the new one comes; it stays too while the server is away,
 * with a word of it, if it answers what the address still asks, and is drawn anew when the server is back.
 * @returns {{run: (host: HTMLElement, ask: (signal: AbortSignal) => Promise<any>, draw: (answer: any) => void, wait?: () => HTMLElement) => Promise<void>, stop: () => void}}
 */
export function loader() {
  /** @type {AbortController | null} */
  let current = null, later = 0, drawn = /** @type {HTMLElement | null} */ (null), drawnAt = 0, drawnFor = '';
  const run = async (host, ask, draw, wait = skeleton, address = location.href) => {
    current?.abort();
    clearTimeout(later);
    const mine = current = new AbortController();
    host.setAttribute('aria-busy', 'true');
    host.classList.add('busy');
    const timer = setTimeout(() => { if (!host.hasChildNodes()) fill(host, wait()); }, patience);
    try {
      const answer = await ask(mine.signal);
      if (mine.signal.aborted) return;
      endAway(me);
      draw(answer);
      drawn = host;
      drawnAt = Date.now();
      drawnFor = address;
    } catch (error) {
      if (isAbort(error) || mine.signal.aborted) return;
      const isAway = /** @type {any} */ (error).kind === 'offline', isOld = drawn === host && drawnFor === address;
      const isPart = host.id !== 'main', again = () => run(host, ask, draw, wait, address);
      if (isAway) later = window.setTimeout(again, retryPause);
      if (isAway && (isPart || isOld)) showAway(me, isOld ? drawnAt : 0); else endAway(me); // the page says it for its parts: each would say the same
      if (isAway && isOld) return;
      drawn = null;
      if (isAway && isPart) { fill(host, empty('No answer yet.', ['It comes as soon as Cairn answers again.'])); return; }
      fill(host, !isPart && h('h1', { class: 'sr' }, document.title.split(' · ')[0]), h('div', { class: 'pad' }, failed(error, again)));
      if (!/** @type {any} */ (error).kind) throw error; // a fault of ours belongs into the console too
    } finally {
      clearTimeout(timer);
      if (current === mine) { host.removeAttribute('aria-busy'); host.classList.remove('busy'); }
    }
  };
  const me = { run, stop: () => { clearTimeout(later); current?.abort(); endAway(me); } };
  return me;
}
