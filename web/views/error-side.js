// @ts-check
// Beside an item: what came in which version, who had it, what happened to it, what is like it.
import { percent, whole } from '../model/format.js';
import { valueText } from '../model/query.js';
import { changeItem } from '../wire/errors.js';
import { titleParts, when } from './error-parts.js';
import { h, service } from './dom.js';
import { link } from './router.js';

const names = /** @type {Record<string, string>} */ ({ code_version: 'Version', 'service.version': 'Version', context: 'Route', 'http.request.method': 'Method', 'host.name': 'Host', 'client.browser': 'Browser',
  'user_agent.original': 'User agent', 'person.id': 'Person', 'enduser.id': 'Person', 'user.id': 'Person', 'client.address': 'Address' });

/** @param {string} title @param {string} sub @param {any} body */
function panel(title, sub, body) { return h('section', { class: 'panel', 'aria-label': title }, h('header', {}, h('h2', {}, title), sub && h('span', { class: 'sub' }, sub)), body); }

/** @param {any} item @param {(change: any) => void} act @returns {(HTMLElement | false)[]} */
export function sidePanels(item, act) {
  return [
    item.doors.length > 1 && doors(item, act),
    item.links.length > 0 && panel('Links', '', h('ul', { class: 'pad plain-list' }, item.links.map((/** @type {any} */ l) => h('li', { class: 'cut' }, h('a', { href: l.url, rel: 'noreferrer noopener', target: '_blank' }, l.name))))),
    item.versions.length > 0 && panel('Versions', 'newest first', h('table', { class: 'tbl dense' }, h('tbody', {}, item.versions.slice(0, 8).map((/** @type {any} */ v) => h('tr', {}, h('td', { class: 'mono' }, v.version),
      h('td', { class: 'num' }, whole(v.count)), h('td', { class: 'num dim' }, when(v.last_us))))))),
    item.facets.length > 0 && panel('Who and where', '', distinct(item.facets).map(facet)),
    item.related.length > 0 && panel('Related', 'same root cause', h('ul', { class: 'pad plain-list' }, item.related.map((/** @type {any} */ r) => h('li', { class: 'row small' }, service(r.project), h('a', { class: 'cut', href: link(`/ui/errors/${r.id}`), title: r.title }, `#${r.counter} ${titleParts(r)[0]}`),
      h('span', { class: 'dim end nowrap' }, `${r.environment}, ${whole(r.total)}`))))),
    history(item),
  ];
}

/** Who told of it. What another door told under a name of its own can be parted again. @param {any} item @param {(change: any) => void} act */
function doors(item, act) {
  const told = item.aliases.filter((/** @type {any} */ a) => a.doors.length > 0 && !a.doors.includes(item.own_door));
  const row = (/** @type {string} */ name, /** @type {any} */ from, /** @type {any} */ end) => h('li', { class: 'row' }, h('div', { class: 'door-told' }, h('div', {}, name), h('div', { class: 'mono small dim cut' }, from)), h('span', { class: 'end' }, end));
  return panel('Seen through', 'each failure counts once', h('ul', { class: 'pad plain-list' }, row(item.own_door, `${item.project} ${item.environment} ${item.hash.slice(0, 8)}`, null),
    told.map((/** @type {any} */ a) => row(a.doors.join(', '), `${a.project} ${a.environment} ${a.hash.slice(0, 8)}`,
      h('button', { class: 'btn sm', type: 'button', title: 'Make an item of its own of it; it will not join again', onclick: () => act({ part: { hash: a.hash } }) }, 'Part')))));
}

/** Two fields that say the same are told once. @param {any[]} facets */
function distinct(facets) {
  const seen = new Set();
  return facets.filter((f) => { const key = `${names[f.name] ?? f.name} ${JSON.stringify(f.values.map((/** @type {any} */ v) => v.value).sort())}`; return !seen.has(key) && seen.add(key); });
}

/** Shares of the reports that tell it: a failure that several doors tell of has several. @param {any} f */
function facet(f) {
  return h('div', { class: 'fc' }, h('h3', {}, names[f.name] ?? f.name), f.values.slice(0, 5).map((/** @type {any} */ v) => h('div', { class: 'row small' }, h('span', { class: 'cut mono', title: valueText(v.value) }, valueText(v.value)),
    h('span', { class: 'num end dim nowrap' }, percent(v.count / Math.max(1, f.total)).join(' ')))));
}

/** @param {any} item */
function history(item) {
  const list = h('ul', { class: 'plain-list pad' });
  const line = (/** @type {any} */ e) => h('li', { class: 'hist-row' }, h('span', { class: 'faint small nowrap' }, when(e.us)),
    e.kind === 'comment' ? h('span', { class: 'pre' }, e.detail) : h('span', {}, h('b', {}, e.kind), e.detail && ` ${e.detail}`, e.actor && h('span', { class: 'dim' }, ` by ${e.actor}`)));
  list.append(...item.history.map(line));
  const text = h('textarea', { class: 'input', rows: 2, placeholder: 'Say something about this', 'aria-label': 'Comment' });
  const form = h('form', { class: 'pad', onsubmit: async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!text.value.trim()) return;
    const changed = await changeItem(item.id, { comment: text.value.trim() });
    text.value = '';
    list.replaceChildren(...changed.history.map(line));
  } }, text, h('div', { class: 'end-row' }, h('button', { class: 'btn sm' }, 'Comment')));
  return panel('History', '', [form, list]);
}
