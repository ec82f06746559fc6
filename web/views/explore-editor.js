// @ts-check
// The query as chips: each opens its clause, × takes it away, + adds one. Every change goes into the URL and runs.
import { icon } from '../charts/svg.js';
import { defaultLimit, label, takesValue, valueText } from '../model/query.js';
import { lengthName } from '../model/time.js';
import { fill, h, service } from './dom.js';
import { alertButton } from './explore-alert.js';
import { boardButton } from './explore-board.js';
import { calculationForm, compareForm, compareText, formulaForm } from './explore-calculation.js';
import { columnForm, fieldForm, filterForm, havingForm, numberForm, orderForm } from './explore-clauses.js';
import { calculationWords } from './explore-lines.js';
import { popover } from './popover.js';
import { dataset, time } from './router.js';

/** @typedef {import('../model/query.js').Query} Query */

/**
 * @param {() => Query} query @param {(next: Query) => void} commit @param {() => void} run
 * @returns {{element: HTMLElement, update: () => void, info: HTMLElement, blame: (field: string) => void}}
 */
export function queryEditor(query, commit, run) {
  const rows = { show: h('div', { class: 'row wrap' }), where: h('div', { class: 'row wrap' }), group: h('div', { class: 'row wrap' }),
    more: h('div', { class: 'row wrap' }) };
  const info = h('span', { class: 'end faint small query-info', role: 'status' }), any = h('span', { class: 'k' });
  const edit = (/** @type {Partial<Query>} */ part) => commit({ ...query(), ...part });
  const runButton = h('button', { class: 'btn pri sm', type: 'button', onclick: run }, 'Run', h('kbd', { class: 'on-pri' }, '⌘↵'));
  const update = () => {
    const q = query();
    fill(rows.show, q.calculations.map((c, i) => calculationChip(q, i, edit)), plus('calculation',
      (close) => calculationForm({ dataset: dataset(), close, fields: q.fields }, null, (c) => edit({ calculations: unique([...q.calculations, c]) }))),
      q.formulas.map((_, i) => formulaChip(q, i, edit)), plus('formula', (close) => formulaForm({ dataset: dataset(), close }, q, null, (f) => edit({ formulas: [...q.formulas.filter((x) => x.name !== f.name), f] }))),
      h('span', { class: 'row end' }, boardButton(query), alertButton(query), runButton));
    fill(any, q.filters.length > 1 ? h('button', { class: 'plain and-or', type: 'button',
      'aria-label': `Where ${q.any ? 'any' : 'all'} of the filters hold; change`, onclick: () => edit({ any: !q.any }) }, 'Where, ',
      h('b', {}, q.any ? 'any of' : 'all of')) : 'Where');
    fill(rows.where, q.filters.map((f, i) => filterChip(q, i, edit)), plus('filter', (close) => filterForm({ dataset: dataset(), close, fields: q.fields }, null,
      (f) => edit({ filters: [...q.filters, f] }))));
    fill(rows.group, q.breakdowns.map((b, i) => h('span', { class: 'chip mono', 'data-clause': `breakdowns[${i}]` }, h('span', { class: 'cut' }, b),
      cross(`Stop grouping by ${b}`, () => edit({ breakdowns: q.breakdowns.filter((_, k) => k !== i) })))),
      plus('column', (close) => columnForm({ dataset: dataset(), close, fields: q.fields }, (c) => edit({ breakdowns: [...new Set([...q.breakdowns, c])] }))), info);
    fill(rows.more, moreChips(q, edit));
  };
  const element = h('section', { class: 'panel', 'aria-label': 'Query' }, h('div', { class: 'qb' }, h('span', { class: 'k' }, 'Show'), rows.show, any,
    rows.where, h('span', { class: 'k' }, 'Group by'), rows.group, h('span', { class: 'k' }, 'Then'), rows.more));
  const blame = (/** @type {string} */ field) => {
    const clause = /^[a-z_]+(\[\d+\])?/.exec(field)?.[0];
    element.querySelector(clause ? `[data-clause="${clause}"]` : '.none')?.classList.add('bad');
  };
  return { element, update, info, blame };
}

/** @param {any[]} list */
function unique(list) { const seen = new Set(); return list.filter((c) => !seen.has(label(c)) && seen.add(label(c))); }

/** @param {string} name @param {(close: () => void) => any} build */
function plus(name, build) {
  const button = h('button', { class: 'btn ghost sm', type: 'button', 'aria-haspopup': 'dialog', 'aria-label': `Add ${name}`, 'data-add': name,
    onclick: () => popover(button, `Add ${name}`, build) }, icon('plus'), name);
  return button;
}

/** @param {string} name @param {() => void} run */
function cross(name, run) { return h('button', { class: 'x', type: 'button', 'aria-label': name, onclick: run }, icon('x')); }

/** @param {string} clause @param {string} name @param {any} text @param {(close: () => void) => any} build @param {(() => void) | null} remove */
function chip(clause, name, text, build, remove) {
  const button = h('button', { class: 'plain chip-in', type: 'button', 'aria-haspopup': 'dialog', 'aria-label': `${name}, change it`,
    onclick: () => popover(button, name, build) }, text);
  return h('span', { class: 'chip mono', 'data-clause': clause }, button, remove && cross(`Remove ${name}`, remove));
}

/** @param {Query} q @param {number} i @param {(part: Partial<Query>) => void} edit */
function calculationChip(q, i, edit) {
  const c = q.calculations[i], without = q.calculations.filter((_, k) => k !== i),
    remove = q.calculations.length > 1 ? () => edit({ calculations: without }) : null;
  const text = c.name ? [h('b', { class: 'cut' }, c.name), h('span', { class: 'cut val' }, calculationWords(c))] : [h('b', {}, c.op), c.column && h('span', { class: 'cut' }, c.column)];
  return chip(`calculations[${i}]`, c.name ? `${c.name}: ${calculationWords(c)}` : label(c), text,
    (close) => calculationForm({ dataset: dataset(), close, remove: remove ?? undefined, fields: q.fields }, c,
    (next) => edit(replacedBy(q, i, next))), remove);
}

/** The question with another calculation in a place; what names it by its label follows. @param {Query} q @param {number} i @param {import('../model/query.js').Calculation} next */
function replacedBy(q, i, next) {
  const told = (/** @type {string} */ name) => (name === label(q.calculations[i]) ? label(next) : name);
  return { calculations: unique(q.calculations.map((x, k) => (k === i ? next : x))), orders: q.orders.map((o) => ({ ...o, label: told(o.label) })), havings: q.havings.map((v) => ({ ...v, label: told(v.label) })) };
}

/** @param {Query} q @param {number} i @param {(part: Partial<Query>) => void} edit */
function formulaChip(q, i, edit) {
  const f = q.formulas[i], remove = () => edit({ formulas: q.formulas.filter((_, k) => k !== i) });
  return chip(`formulas[${i}]`, `Formula ${f.name}`, [h('b', { class: 'cut' }, f.name), h('span', { class: 'op' }, '='), h('span', { class: 'cut val' }, f.expression)],
    (close) => formulaForm({ dataset: dataset(), close, remove }, q, f, (n) => edit({ formulas: q.formulas.map((x, k) => (k === i ? n : x)) })), remove);
}

/** @param {Query} q @param {number} i @param {(part: Partial<Query>) => void} edit */
function filterChip(q, i, edit) {
  const f = q.filters[i], remove = () => edit({ filters: q.filters.filter((_, k) => k !== i) });
  const value = f.column === 'service.name' && f.op === '=' ? service(valueText(f.value)) : h('span', { class: 'cut val' },
    valueText(f.value) === '' ? '(empty text)' : valueText(f.value));
  return chip(`filters[${i}]`, `Filter ${f.column} ${f.op} ${takesValue(f.op) ? valueText(f.value).slice(0, 80) : ''}`,
    [h('span', { class: 'cut' }, f.column), h('span', { class: 'op' }, f.op), takesValue(f.op) && value],
    (close) => filterForm({ dataset: dataset(), close, remove, fields: q.fields }, f, (next) => edit({ filters: q.filters.map((x, k) => (k === i ? next : x)) })),
      remove);
}

const length = () => Math.round(time().end - time().start);

/** @param {Query} q @param {(part: Partial<Query>) => void} edit */
function moreChips(q, edit) {
  const without = (/** @type {any[]} */ list, /** @type {number} */ i) => list.filter((_, k) => k !== i),
    give = (/** @type {() => void} */ close, /** @type {() => void} */ remove) => ({ dataset: dataset(), close, remove });
  return [
    q.fields.map((f, i) => { const remove = () => edit({ fields: without(q.fields, i) }); return chip(`calculated_fields[${i}]`, `Calculated field ${f.name}`,
      [h('span', { class: 'cut' }, f.name), h('span', { class: 'op' }, '='), h('span', { class: 'cut val' }, f.expression)],
      (close) => fieldForm(give(close, remove), f, (n) => edit({ fields: q.fields.map((x, k) => (k === i ? n : x)) })), remove); }),
    q.orders.map((o, i) => { const remove = () => edit({ orders: without(q.orders, i) }); return chip(`orders[${i}]`, `Order by ${o.label}`,
      [h('span', { class: 'op' }, 'order'), h('span', { class: 'cut' }, o.label), o.descending ? '↓' : '↑'],
      (close) => orderForm(give(close, remove), q, o, (n) => edit({ orders: q.orders.map((x, k) => (k === i ? n : x)) })), remove); }),
    q.havings.map((v, i) => { const remove = () => edit({ havings: without(q.havings, i) });
      return chip(`havings[${i}]`, `Having ${v.label}`, [h('span', { class: 'op' }, 'having'),
      h('span', { class: 'cut' }, v.label), h('span', { class: 'op' }, v.op), String(v.value)],
      (close) => havingForm(give(close, remove), q, v, (n) => edit({ havings: q.havings.map((x, k) => (k === i ? n : x)) })), remove); }),
    chip('limit', `Limit ${q.limit}`, [h('span', { class: 'op' }, 'limit'), String(q.limit)],
      (close) => numberForm({ dataset: dataset(), close }, 'At most so many groups', 'The order decides which stay.', q.limit, 1000,
      (n) => edit({ limit: n || defaultLimit })), null),
    chip('granularity', 'Step of the charts', [h('span', { class: 'op' }, 'step'), q.granularity ? lengthName(q.granularity) : 'auto'],
      (close) => numberForm({ dataset: dataset(), close }, 'Seconds per step', 'Empty is automatic.', q.granularity, 86400 * 30,
      (n) => edit({ granularity: n })), q.granularity ? () => edit({ granularity: 0 }) : null),
    !q.orders.length && plus('order', (close) => orderForm({ dataset: dataset(), close }, q, null, (o) => edit({ orders: [...q.orders, o] }))),
    plus('field', (close) => fieldForm({ dataset: dataset(), close }, null, (f) => edit({ fields: [...q.fields.filter((x) => x.name !== f.name), f] }))),
    q.compare ? chip('compare_time_offset_seconds', 'Compare', [h('span', { class: 'op' }, 'compare'), compareText(q, length())], (close) => compareForm({ dataset: dataset(), close }, q, length(), (compare) => edit({ compare })), () => edit({ compare: '' }))
      : plus('comparison', (close) => compareForm({ dataset: dataset(), close }, q, length(), (compare) => edit({ compare }))),
    plus('having', (close) => havingForm({ dataset: dataset(), close }, q, null, (v) => edit({ havings: [...q.havings, v] }))),
  ];
}
