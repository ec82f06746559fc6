// @ts-check
// The popovers in which a result is written: a calculation, with a name and filters of its own where it is wanted; a formula over results; an
// earlier time to hold them against.
import { beforeText, offsets } from '../model/compare.js';
import { calculationOps, compareSeconds, label, takesColumn, takesNumber, takesValue, valueText } from '../model/query.js';
import { fill, h } from './dom.js';
import { choice, columnField, filterForm, footer } from './explore-clauses.js';
import { icon } from '../charts/svg.js';

/** @typedef {import('../model/query.js').Calculation} Calculation */
/** @typedef {import('./explore-clauses.js').Given} Given */

/**
 * @param {Given} given @param {Calculation | null} now @param {(c: Calculation) => void} done
 */
export function calculationForm(given, now, done) {
  const box = h('div', { class: 'stack' }), own = { op: 'P95', filters: [], ...now }, state = /** @type {Calculation & {filters: import('../model/query.js').Filter[]}} */ (own);
  let isNamed = Boolean(now?.name);
  const finish = () => {
    given.close();
    const { op, column, name, filters, any } = state, column1 = takesColumn(op) || op === 'COUNT' ? column : undefined;
    done({ op, ...(column1 ? { column: column1 } : {}), ...(isNamed && name ? { name, ...(filters.length ? { filters, ...(any && filters.length > 1 ? { any } : {}) } : {}) } : {}) });
  };
  const draw = () => {
    const select = choice('Calculation', calculationOps.map((c) => ({ value: c.op, text: `${c.op} – ${c.says}` })), state.op,
      (value) => { state.op = value; draw(); box.querySelector('select')?.focus(); });
    fill(box, h('label', { class: 'field' }, 'Calculation', select), isNamed ? ownPart(given, state, draw, box, finish) : plainPart());
  };
  const plainPart = () => {
    const needs = takesColumn(state.op), pick = (/** @type {string} */ column) => { state.column = column; finish(); };
    return [needs ? columnField(given, pick, ...wanted(state.op)) : h('p', { class: 'small dim' }, 'It needs no column.'),
      h('button', { class: 'btn ghost sm', type: 'button', onclick: () => { isNamed = true; draw(); box.querySelector('input')?.focus(); } }, icon('plus'), 'A name, and only some events'),
      footer(given, needs ? (now?.column && now.op !== state.op ? finish : undefined) : () => { delete state.column; finish(); }, now?.column && needs ? `Use ${now.column}` : 'Apply')];
  };
  draw();
  return box;
}

/** @param {string} op @returns {[string, (type: string) => boolean]} */
function wanted(op) { return [takesNumber(op) ? 'of the number' : 'of the column', (type) => !takesNumber(op) || type === 'integer' || type === 'float']; }

/**
 * @param {Given} given @param {any} state @param {() => void} draw @param {HTMLElement} box @param {() => void} finish
 */
function ownPart(given, state, draw, box, finish) {
  const name = h('input', { 'aria-label': 'Name', spellcheck: false, placeholder: 'failed', maxlength: 255, oninput: () => { state.name = name.value.trim(); } }), wrong = h('p', { class: 'small t-err', role: 'alert' });
  name.value = state.name ?? '';
  const apply = () => {
    if (!state.name) { fill(wrong, 'Write a name: formulas and tables know the calculation by it.'); name.focus(); return; }
    if (takesColumn(state.op) && !state.column) { fill(wrong, 'Choose a column.'); return; }
    finish();
  };
  const add = () => fill(box, h('p', { class: 'small dim' }, `Events that ${state.name || 'the calculation'} counts:`), filterForm({ ...given, close: draw, remove: undefined }, null, (f) => { state.filters.push(f); draw(); }));
  const column = state.column ? h('div', { class: 'row' }, h('span', { class: 'small dim' }, 'of'), h('button', { class: 'chip mono', type: 'button', 'aria-label': `Column ${state.column}, change it`, onclick: () => { delete state.column; draw(); } }, h('span', { class: 'cut' }, state.column)))
    : columnField(given, (c) => { state.column = c; draw(); }, ...wanted(state.op));
  return [takesColumn(state.op) && column, h('label', { class: 'field' }, 'Name', h('span', { class: 'input' }, name)),
    h('div', { class: 'field' }, state.filters.length > 1 ? h('button', { class: 'plain and-or', type: 'button', 'aria-label': `Events for which ${state.any ? 'any' : 'all'} hold; change`, onclick: () => { state.any = !state.any; draw(); } },
      'Only events for which ', h('b', {}, state.any ? 'any holds' : 'all hold')) : 'Only events for which',
    h('div', { class: 'row wrap' }, state.filters.map((/** @type {import('../model/query.js').Filter} */ f, /** @type {number} */ i) => h('span', { class: 'chip mono' }, h('span', { class: 'cut' }, `${f.column} ${f.op} ${takesValue(f.op) ? valueText(f.value) : ''}`),
      h('button', { class: 'x', type: 'button', 'aria-label': `Remove ${f.column} ${f.op}`, onclick: () => { state.filters.splice(i, 1); draw(); } }, icon('x')))),
    h('button', { class: 'btn ghost sm', type: 'button', onclick: add }, icon('plus'), 'filter'))), wrong, footer(given, apply)];
}

/**
 * @param {Given} given @param {import('../model/query.js').Query} query @param {import('../model/query.js').Field | null} now @param {(f: import('../model/query.js').Field) => void} done
 */
export function formulaForm(given, query, now, done) {
  const known = query.calculations.filter((c) => c.op !== 'HEATMAP').map(label);
  const name = h('input', { 'aria-label': 'Name', spellcheck: false, placeholder: 'error_rate', maxlength: 255 }), wrong = h('p', { class: 'small t-err', role: 'alert' });
  const expression = h('textarea', { 'aria-label': 'Formula', rows: 3, spellcheck: false, placeholder: known.length > 1 ? `${written(known[1])} / ${written(known[0])}` : `${written(known[0] ?? 'COUNT')} * 2` });
  name.value = now?.name ?? '';
  expression.value = now?.expression ?? '';
  const insert = (/** @type {string} */ text) => { expression.setRangeText(text, expression.selectionStart, expression.selectionEnd, 'end'); expression.focus(); };
  const finish = () => {
    if (!name.value.trim() || !expression.value.trim()) { fill(wrong, 'Write a name and a formula.'); return; }
    given.close();
    done({ name: name.value.trim(), expression: expression.value.trim() });
  };
  name.addEventListener('keydown', (/** @type {KeyboardEvent} */ e) => { if (e.key === 'Enter') finish(); });
  return h('div', { class: 'stack' }, h('label', { class: 'field' }, 'Name', h('span', { class: 'input' }, name)), h('label', { class: 'field' }, 'Formula', h('span', { class: 'input tall' }, expression)),
    h('div', { class: 'row wrap' }, known.map((one) => h('button', { class: 'chip mono', type: 'button', 'aria-label': `Insert ${one}`, onclick: () => insert(written(one)) }, h('span', { class: 'cut' }, written(one))))),
    h('p', { class: 'small dim' }, 'Of the results of calculations, with + − * / and functions such as IF, MAX and COALESCE; spaces around / . Nothing comes of nothing, and of a division by zero.'), wrong, footer(given, finish));
}

/** @param {string} name @returns {string} as a formula names it */
function written(name) { return /^[\p{L}\p{N}_.:]+$/u.test(name) ? `$${name}` : `$"${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`; }

/** @param {Given} given @param {import('../model/query.js').Query} query @param {number} length of its time, in seconds @param {(compare: string) => void} done */
export function compareForm(given, query, length, done) {
  const list = [{ value: '', text: 'nothing' }, { value: 'p', text: 'the time just before' }, ...offsets.filter((s) => s >= length).map((s) => ({ value: String(s), text: beforeText(s) }))];
  let compare = list.some((one) => one.value === query.compare) ? query.compare : 'p';
  return h('div', { class: 'stack' }, h('label', { class: 'field' }, 'Compare with', choice('Compare with', list, compare, (v) => { compare = v; })),
    h('p', { class: 'small dim' }, 'Charts get dashed lines, the table a second figure.'), footer(given, () => { given.close(); done(compare); }));
}

/** @param {import('../model/query.js').Query} query @param {number} length of its time, in seconds @returns {string} 1 day before */
export function compareText(query, length) {
  if (query.compare === 'p') return 'the time before';
  return compareSeconds(query, length) ? beforeText(Number(query.compare)) : `${beforeText(Number(query.compare))}: too near`;
}
