// @ts-check
// Says which columns a question names that no event has, and offers those that may have been meant.
import { icon } from '../charts/svg.js';
import { missing, renamed } from '../model/columns.js';
import { freshColumns } from './catalog.js';
import { h } from './dom.js';
import { dataset } from './router.js';

/**
 * @param {import('../model/query.js').Query} query @param {Set<string>} known columns that had events when they were read
 * @returns {Promise<ReturnType<typeof missing>>} what is not there now either: a column may have come since
 */
export async function missingColumns(query, known) {
  if (!known.size || !missing(query, [...known].map((name) => ({ name, events: 1 }))).length) return [];
  return missing(query, await freshColumns(dataset()).catch(() => []));
}

/**
 * @param {ReturnType<typeof missing>} list @param {import('../model/query.js').Query} query @param {(next: import('../model/query.js').Query) => void} commit
 * @returns {HTMLElement | null}
 */
export function missingNote(list, query, commit) {
  if (!list.length) return null;
  const where = dataset() === '__all__' ? 'No event' : `No event of ${dataset()}`;
  return h('div', { class: 'note warn', role: 'status', 'data-missing': list.map((one) => one.name).join(' ') }, icon('warn'), h('div', { class: 'grow' }, list.map((one) => h('div', { class: 'row wrap' },
    h('span', {}, h('b', {}, `${where} has the column `, h('span', { class: 'mono' }, one.name), '.'), one.near.length > 0 && h('span', { class: 'small' }, ' Did you mean')),
    one.near.map((name) => h('button', { class: 'chip mono', type: 'button', 'aria-label': `Use ${name} instead of ${one.name}`, onclick: () => commit(renamed(query, one.name, name)) }, name))))));
}
