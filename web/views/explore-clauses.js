// @ts-check
// The popovers in which a clause of the query is written.
import { whole } from '../model/format.js';
import { filterOps, havingOps, readValue, resultNames, takesValue, valueText } from '../model/query.js';
import { time } from './router.js';
import * as api from '../wire/api.js';
import { columns } from './catalog.js';
import { combo, rank } from './combo.js';
import { fill, h, service } from './dom.js';

/** @typedef {import('../model/query.js').Query} Query */
/** @typedef {{dataset: string, close: () => void, remove?: () => void, fields?: import('../model/query.js').Field[]}} Given  fields: of the question itself */

/** @param {Given} given @param {(value: string) => void} pick @param {string} name @param {(type: string) => boolean} [wanted] */
export function columnField({ dataset, fields }, pick, name, wanted = () => true) {
  return combo({ label: name, placeholder: 'Find a column', free: false, pick, options: async (text) => [...madeHere(fields), ...await columns(dataset).catch(() => [])]
    .filter((c) => (!c.type || wanted(c.type)) && !c.hidden).map((c) => ({ c, r: rank(c.name, text) })).filter((x) => x.r >= 0).sort((a,
      b) => a.r - b.r || (text ? 0 : b.c.events - a.c.events) || a.c.name.localeCompare(b.c.name))
    .map(({ c }) => ({ value: c.name, note: c.type ? `${c.type}, ${whole(c.events)}` : 'of this question' })) }).element;
}

/** Columns that the question makes: their type is not known beforehand. @param {import('../model/query.js').Field[]} [fields] */
function madeHere(fields = []) { return fields.map((field) => ({ name: field.name, type: '', events: Infinity, hidden: false })); }

/** @param {string} name @param {any[]} options @param {string} chosen @param {(value: string) => void} change */
export function choice(name, options, chosen, change) {
  const select = h('select', { class: 'input', 'aria-label': name, onchange: () => change(select.value) },
    options.map((o) => h('option', { value: o.value ?? o }, o.text ?? o)));
  select.value = chosen;
  return select;
}

/** @param {Given} given @param {() => void} [apply] @param {string} [text] */
export function footer({ remove, close }, apply, text = 'Apply') {
  return h('div', { class: 'end-row' }, remove && h('button', { class: 'btn ghost sm', type: 'button', onclick: () => { close(); remove(); } },
    'Remove'),
    apply && h('button', { class: 'btn pri sm', type: 'button', onclick: apply }, text));
}

/** @param {Given} given @param {import('../model/query.js').Filter | null} now @param {(f: import('../model/query.js').Filter) => void} done */
export function filterForm(given, now, done) {
  const box = h('div', { class: 'stack' });
  let column = now?.column ?? '', op = now?.op ?? '=', text = valueText(now?.value);
  const draw = async () => {
    if (!column) { fill(box, columnField(given, (name) => { column = name; draw(); }, 'Column'), footer(given)); box.querySelector('input')?.focus();
      return; }
    const isMade = given.fields?.some((field) => field.name === column), type = isMade ? '' : (await columns(given.dataset).catch(() => [])).find((c) => c.name === column)?.type ?? 'string';
    const wrong = h('p', { class: 'small t-err', role: 'alert' });
    const finish = (/** @type {unknown} */ raw) => {
      if (!takesValue(op)) { given.close(); done({ column, op }); return; }
      const value = typeof raw === 'string' ? readValue(raw, op, type || typeOf(raw)) : raw;
      if (value === null) { fill(wrong, `${column} holds ${type} values, and “${raw}” is none.`); return; }
      given.close();
      done({ column, op, value });
    };
    const value = takesValue(op) ? combo({ label: op === 'in' || op === 'not-in' ? 'Values, with commas between' : 'Value', value: text, free: true,
      pick: finish, type: (t) => { text = t; }, options: suggestions(given.dataset, column) }) : null;
    fill(box, h('div', { class: 'row' }, h('button', { class: 'chip mono', type: 'button', 'aria-label': `Column ${column}, change it`,
      onclick: () => { column = ''; draw(); } }, h('span', { class: 'cut' }, column)), h('span', { class: 'faint small' }, type || 'of this question'),
      h('span', { class: 'end' }, choice('Operator', filterOps, op, (v) => { op = v; draw(); }))), value?.element, wrong,
        footer(given, () => finish(text)));
    (value?.input ?? box.querySelector('.btn.pri'))?.focus();
    value?.input.select();
  };
  draw();
  return box;
}

/** @param {string} raw @returns {string} what a value of a column is whose type nobody knows */
function typeOf(raw) { return /^(true|false)$/.test(raw.trim()) ? 'boolean' : raw.trim() !== '' && Number.isFinite(Number(raw)) ? 'float' : 'string'; }

/** @param {string} dataset @param {string} column @returns {(text: string) => Promise<import('./combo.js').Option[]>} its most frequent values */
function suggestions(dataset, column) {
  const known = api.values(dataset, column, time()).catch(() => []);
  return async (text) => (await known).map((v) => ({ text: valueText(v.value), count: v.count })).map((v) => ({ ...v,
    r: rank(v.text, text) })).filter((v) => v.r >= 0).sort((a, b) => a.r - b.r || b.count - a.count)
    .map((v) => ({ value: v.text, note: whole(v.count), swatch: column === 'service.name' ? bare(v.text) : undefined }));
}

/** @param {string} name */
function bare(name) { const e = service(name); e.replaceChildren(); return e; }

/** @param {Given} given @param {(column: string) => void} done */
export function columnForm(given, done) { return h('div', { class: 'stack' }, columnField(given, (name) => { given.close(); done(name); },
  'Group by column'), footer(given)); }

/**
 * @param {Given} given
 * @param {Query} query
 * @param {import('../model/query.js').Order | null} now
 * @param {(o: import('../model/query.js').Order) => void} done
 */
export function orderForm(given, query, now, done) {
  const labels = [...resultNames(query), ...query.breakdowns];
  let by = now?.label ?? labels[0] ?? '', descending = now?.descending ?? true;
  if (!labels.length) return h('p', { class: 'small dim' }, 'There is nothing to order by: add a calculation or a column to group by.');
  return h('div', { class: 'stack' }, h('label', { class: 'field' }, 'Order by', choice('Order by', labels, by, (v) => { by = v; })),
    h('label', { class: 'field' }, 'Direction', choice('Direction', [{ value: 'd', text: 'greatest first ↓' }, { value: 'a', text: 'least first ↑' }],
      descending ? 'd' : 'a', (v) => { descending = v === 'd'; })), footer(given, () => { given.close(); done({ label: by, descending }); }));
}

/**
 * @param {Given} given
 * @param {Query} query
 * @param {import('../model/query.js').Having | null} now
 * @param {(h: import('../model/query.js').Having) => void} done
 */
export function havingForm(given, query, now, done) {
  const known = resultNames(query);
  if (!known.length) return h('p', { class: 'small dim' }, 'Having keeps groups by a calculation: add one first.');
  let which = now && known.includes(now.label) ? now.label : known[0], op = now?.op ?? '>';
  const input = h('input', { inputmode: 'decimal', 'aria-label': 'Number' }), wrong = h('p', { class: 'small t-err', role: 'alert' });
  input.value = now ? String(now.value) : '';
  const finish = () => {
    const value = readValue(input.value, '=', 'float');
    if (value === null) { fill(wrong, 'Write a number.'); return; }
    given.close();
    done({ label: which, op, value });
  };
  input.addEventListener('keydown', (/** @type {KeyboardEvent} */ e) => { if (e.key === 'Enter') finish(); });
  return h('div', { class: 'stack' }, h('label', { class: 'field' }, 'Keep groups whose', choice('Calculation', known, which,
    (v) => { which = v; })),
    h('div', { class: 'row' }, choice('Operator', havingOps, op, (v) => { op = v; }), h('span', { class: 'input grow' }, input)), wrong,
      footer(given, finish));
}

/** @param {Given} given @param {string} name @param {string} help @param {number} now @param {number} most @param {(n: number) => void} done */
export function numberForm(given, name, help, now, most, done) {
  const input = h('input', { inputmode: 'numeric', 'aria-label': name }), wrong = h('p', { class: 'small t-err', role: 'alert' });
  input.value = now ? String(now) : '';
  const finish = () => {
    const n = input.value.trim() === '' ? 0 : Number(input.value);
    if (!Number.isInteger(n) || n < 0 || n > most) { fill(wrong, `Write a whole number up to ${whole(most)}.`); return; }
    given.close();
    done(n);
  };
  input.addEventListener('keydown', (/** @type {KeyboardEvent} */ e) => { if (e.key === 'Enter') finish(); });
  return h('div', { class: 'stack' }, h('label', { class: 'field' }, name, h('span', { class: 'input' }, input)),
    h('p', { class: 'small dim' }, help), wrong, footer(given, finish));
}

/**
 * @param {Given} given
 * @param {import('../model/query.js').Field | null} now
 * @param {(field: import('../model/query.js').Field) => void} done
 */
export function fieldForm(given, now, done) {
  const name = h('input', { 'aria-label': 'Name', spellcheck: false, placeholder: 'is_slow' }), wrong = h('p', { class: 'small t-err', role: 'alert' });
  const expression = h('textarea', { 'aria-label': 'Formula', rows: 3, spellcheck: false, placeholder: 'GT($duration_ms, 500)' });
  name.value = now?.name ?? '';
  expression.value = now?.expression ?? '';
  const finish = () => {
    if (!name.value.trim() || !expression.value.trim()) { fill(wrong, 'Write a name and a formula.'); return; }
    given.close();
    done({ name: name.value.trim(), expression: expression.value.trim() });
  };
  name.addEventListener('keydown', (/** @type {KeyboardEvent} */ e) => { if (e.key === 'Enter') finish(); });
  return h('div', { class: 'stack' }, h('label', { class: 'field' }, 'Name of the column', h('span', { class: 'input' }, name)),
    h('label', { class: 'field' }, 'Formula', h('span', { class: 'input tall' }, expression)), h('p', { class: 'small dim' }, 'As Honeycomb writes derived columns: $name is a column.'), wrong,
    footer(given, finish));
}
