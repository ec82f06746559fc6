// @ts-check
// What the lines have in common, beside them.
import { percent, plural, whole } from '../model/format.js';
import { patternCondition } from '../model/insights.js';
import * as logs from '../wire/logs.js';
import { fill, h } from './dom.js';
import { time } from './router.js';
import { empty, loader, skeleton } from './states.js';

const shownFirst = 12, most = 200;
const words = { Error: ['ERROR', 't-err'], Warning: ['WARN', 't-warn'], Info: ['INFO', 't-info'], Debug: ['DEBUG', 'faint'] };

/** @param {HTMLElement} host @param {(condition: string) => void} filter */
export function patternsPanel(host, filter) {
  const note = h('span', { class: 'sub' }), list = h('div', {}), foot = h('div', { class: 'pad row small' });
  const compare = h('button', { class: 'btn sm end', type: 'button', 'aria-pressed': false, title: 'Beside the time of equal length right before' }, 'Compare');
  fill(host, h('header', {}, h('h2', { id: 'patterns-title' }, 'Patterns'), note, compare), list, foot);
  const load = loader();
  let all = false, with0 = '', groups0 = /** @type {string[]} */ ([]);
  const read = (/** @type {string} */ filters, /** @type {string[]} */ groups) => {
    [with0, groups0] = [filters, groups];
    const compares = compare.getAttribute('aria-pressed') === 'true';
    const query = `${filters ? `${filters} | ` : ''}pattern @message${compares ? ' | diff' : ''} | limit ${most}`;
    load.run(list, (signal) => logs.run({ query, groups, ...time() }, signal), (r) => draw(r, compares), () => skeleton(8));
  };
  compare.onclick = () => { compare.setAttribute('aria-pressed', String(compare.getAttribute('aria-pressed') !== 'true')); read(with0, groups0); };
  const draw = (/** @type {logs.Results} */ r, /** @type {boolean} */ compares) => {
    const at = (/** @type {string} */ name) => r.columns.indexOf(name), total = r.rows.reduce((sum, row) => sum + Number(row[at('@sampleCount')] ?? 0), 0);
    note.textContent = r.rows.length ? `${plural(r.rows.length, 'pattern')} of ${plural(total, 'line')}` : '';
    const rows = all ? r.rows : r.rows.slice(0, shownFirst);
    fill(list, rows.map((row) => entry(row, at, compares, total, filter)), !r.rows.length && empty('No line, so no pattern.', ['Patterns say what many lines have in common.']));
    fill(foot, r.rows.length > 0 && h('span', { class: 'faint' }, 'A click filters.'), r.rows.length > shownFirst && h('button', { class: 'btn sm end', type: 'button',
      onclick: () => { all = !all; draw(r, compares); } }, all ? 'Fewer' : `All ${r.rows.length}`));
  };
  return { read, stop: () => load.stop() };
}

/** @param {(string | null)[]} row @param {(name: string) => number} at @param {boolean} compares @param {number} total @param {(condition: string) => void} filter */
function entry(row, at, compares, total, filter) {
  const text = row[at('@pattern')] ?? '', count = Number(row[at('@sampleCount')] ?? 0), change = compares ? row[at('@description')] ?? '' : '';
  const [word, colour] = words[/** @type {'Error'} */ (row[at('@severityLabel')])] ?? ['', 'faint'];
  const parts = text.split('<*>').flatMap((part, i) => (i ? [h('em', {}, '*'), part] : [part]));
  const kind = change === 'New pattern' ? 'err' : /more/.test(change) ? 'warn' : '';
  return h('button', { class: 'pt', type: 'button', onclick: () => filter(patternCondition(text)), 'aria-label': `${count} lines: ${text}` },
    h('span', { class: 'row' }, word && h('b', { class: `${colour} small` }, word), change ? h('span', { class: `badge ${kind}` }, change) : h('span', { class: 'faint small' },
      percent(count / Math.max(total, 1)).join(' '))), h('span', { class: 'num' }, whole(count)), h('code', {}, parts));
}
