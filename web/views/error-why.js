// @ts-check
// Why an item happens: what its requests have that healthy requests of the same route lack. And why its occurrences are one item.
import { percent, plural, whole } from '../model/format.js';
import { telling } from '../model/errors.js';
import { errorWhy } from '../wire/errors.js';
import { fill, h } from './dom.js';
import { loader } from './states.js';
import { filterTexts, valueText } from '../model/query.js';
import { link } from './router.js';

const lookBack = 3600; // s before it was seen last

/**
 * The answer that was asked for already; asked again, a new one.
 * @param {Promise<any> | undefined} early @param {(signal: AbortSignal) => Promise<any>} ask @returns {(signal: AbortSignal) => Promise<any>}
 */
export function once(early, ask) {
  let first = early;
  return (signal) => { const answer = first ?? ask(signal); first = undefined; return answer; };
}

/** @param {any} item @param {Promise<any>} [early] the answer, where it was asked for already @returns {{element: HTMLElement, stop: () => void}} */
export function whyPanel(item, early) {
  const body = h('div', {}), load = loader();
  load.run(body, once(early, (signal) => errorWhy(String(item.id), signal)), (answer) => fill(body, draw(answer, item)));
  return { stop: load.stop, element: h('section', { class: 'panel', 'aria-label': 'Why' }, h('header', {}, h('h2', {}, 'Why'), h('span', { class: 'sub' }, 'what these have that ordinary calls lack')), body) };
}

/** @param {any} answer @param {any} item */
function draw(answer, item) {
  const rows = answer.columns.map((/** @type {any} */ c) => telling(c, answer.selection_count, answer.baseline_count)).filter(Boolean).slice(0, 6);
  const route = answer.route, others = answer.basis === 'requests' ? 'healthy calls' : 'other errors';
  const share = route && route.total ? route.affected / route.total : 0;
  return [route && h('div', { class: 'pad why-share' }, h('b', { class: 't-err' }, percent(share).join(' ')), ' of ', h('span', { class: 'mono' }, route.name), ` fail with this: ${whole(route.affected)} of ${plural(route.total, 'call')} around then`,
    route.users > 0 && `, ${whole(route.affected_users)} of ${plural(route.users, 'user')}`),
  h('div', { class: 'pad row wrap small' }, h('span', { class: 'key', vars: { '--c': 'var(--pick)' } }, `${whole(answer.selection_count)} with this error`),
    h('span', { class: 'key', vars: { '--c': 'var(--base)' } }, `${whole(answer.baseline_count)} ${others}`)),
  rows.length ? rows.map(bar) : h('p', { class: 'pad dim small' }, answer.baseline_count ? 'Nothing sets them apart.' : `There are no ${others} to compare with yet.`), openInExplore(answer, item)];
}

/** The same calls, with all that can be asked of them. @param {any} answer @param {any} item */
function openInExplore({ route }, item) {
  const last = Math.ceil(item.last_us / 1e6), filters = [{ column: 'service.name', op: '=', value: route?.dataset ?? item.project }, ...(route ? [{ column: 'name', op: '=', value: route.name }] : [])];
  return h('p', { class: 'pad small why-more' }, h('a', { href: link('/ui/explore', { f: filterTexts(filters), c: ['HEATMAP(duration_ms)', 'COUNT', 'P95(duration_ms)'], t: `${last - lookBack}..${last + 60}` }) }, 'Open in Explore'));
}

/** @param {{name: string, value: any, mine: number, other: number}} v */
function bar(v) {
  const line = (/** @type {number} */ share, /** @type {string} */ colour) => h('div', { class: 'pr' }, h('i', { vars: { width: `${Math.max(0.5, share * 100)}%`, background: colour } }), h('span', { class: 'num' }, percent(share).join(' ')));
  return h('div', { class: 'wy' }, h('div', { class: 'row' }, h('b', { class: 'mono small' }, v.name), h('span', { class: 'faint' }, 'is'), h('span', { class: 'mono small cut' }, valueText(v.value)),
    h('b', { class: 'end t-pick nowrap' }, `${Math.round((v.mine - v.other) * 100)} pt`)), line(v.mine, 'var(--pick)'), line(v.other, 'var(--base)'));
}

/** @param {any} grouping @returns {HTMLElement} */
export function groupingPanel(grouping) {
  const text = (/** @type {any} */ value) => (Array.isArray(value) ? value.map((line) => h('div', {}, line)) : String(value));
  return h('section', { class: 'panel', 'aria-label': 'Why grouped' }, h('header', {}, h('h2', {}, 'Why grouped'), h('span', { class: 'sub' }, `${grouping.source}, ${grouping.version}`)),
    h('dl', { class: 'kv pad' }, grouping.components.map((/** @type {any} */ c) => [h('dt', { class: c.contributes ? 'b' : 'faint' }, c.name),
      h('dd', { class: c.contributes ? '' : 'faint' }, text(c.value), h('div', { class: 'small dim' }, `${c.contributes ? 'counts' : 'does not count'}: ${c.reason}`))])),
    h('p', { class: 'pad faint small mono' }, grouping.key));
}
