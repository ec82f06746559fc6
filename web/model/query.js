// @ts-check
// The query's state: what Explore shows, its form in the URL, and the specification that the server takes.
import { exactNumber, isNumber, readJSON } from './json.js';

/** @typedef {{op: string, column?: string, name?: string, filters?: Filter[], any?: boolean}} Calculation  name and filters: of its own */
/** @typedef {{column: string, op: string, value?: unknown}} Filter */
/** @typedef {{label: string, descending: boolean}} Order  label of a result, or a column that is grouped by */
/** @typedef {{label: string, op: string, value: number}} Having  label of a result */
/** @typedef {{name: string, expression: string}} Field  a column that a formula of this question makes */
/** @typedef {{calculations: Calculation[], formulas: Field[], filters: Filter[], any: boolean, breakdowns: string[], orders: Order[], limit: number,
 *   havings: Having[], granularity: number, fields: Field[], compare: string}} Query  formulas: over results; granularity in seconds, 0 is automatic;
 *   compare: seconds before, 'p' for the time just before, '' for nothing */
/** @typedef {{start: number, end: number}} Time  Unix seconds */

export const defaultLimit = 100;
const bare = new Set(['COUNT', 'CONCURRENCY']);
const percentiles = ['P50', 'P75', 'P90', 'P95', 'P99', 'P999', 'P001', 'P01', 'P05', 'P10', 'P20', 'P25', 'P80'];

/** Every calculation, most used first, and what it says. */
export const calculationOps = [
  { op: 'COUNT', says: 'how many events' }, { op: 'HEATMAP', says: 'how values spread over time' },
  ...percentiles.slice(0, 6).map((op) => ({ op, says: percentileName(op) })),
  { op: 'AVG', says: 'mean' }, { op: 'MAX', says: 'greatest' }, { op: 'MIN', says: 'least' }, { op: 'SUM', says: 'all added' },
  { op: 'COUNT_DISTINCT', says: 'how many different values' }, { op: 'CONCURRENCY', says: 'how many at the same time' },
  { op: 'RATE_AVG', says: 'change of the mean per step' }, { op: 'RATE_SUM', says: 'change of the sum per step' },
  { op: 'RATE_MAX', says: 'change of the greatest per step' },
  ...percentiles.slice(6).map((op) => ({ op, says: percentileName(op) })),
];

export const filterOps = ['=', '!=', '>', '>=', '<', '<=', 'starts-with', 'does-not-start-with', 'ends-with', 'does-not-end-with',
  'contains', 'does-not-contain', 'exists', 'does-not-exist', 'in', 'not-in'];
export const havingOps = ['=', '!=', '>', '>=', '<', '<='];

/** @param {string} op */
function percentileName(op) { return `${Number(`0.${op.slice(1)}`) * 100} % are under it`.replace(/(\.\d)\d+/, '$1'); }

/** @param {string} op @returns {boolean} */
export function takesColumn(op) { return !bare.has(op); }
/** @param {string} op @returns {boolean} */
export function takesNumber(op) { return takesColumn(op) && op !== 'COUNT_DISTINCT'; }
/** @param {string} op @returns {boolean} */
export function takesValue(op) { return op !== 'exists' && op !== 'does-not-exist'; }

/** @param {Calculation} c @returns {string} COUNT, P95(duration_ms) */
export function plainLabel(c) { return c.column ? `${c.op}(${c.column})` : c.op; }
/** @param {Calculation} c @returns {string} what its results are called: its own name, or COUNT, P95(duration_ms) */
export function label(c) { return c.name ?? plainLabel(c); }
/** @param {Query} query @returns {string[]} what can be ordered and chosen by: formulas and the calculations that are one number */
export function resultNames(query) { return [...query.formulas.map((f) => f.name), ...query.calculations.filter((c) => c.op !== 'HEATMAP').map(label)]; }

/** @param {string} text @returns {Calculation | null} */
export function parseLabel(text) {
  const m = /^([A-Z][A-Z0-9_]*)(?:\((.+)\))?$/.exec(text);
  if (!m || !calculationOps.some((known) => known.op === m[1])) return null;
  if (m[2] ? m[1] === 'CONCURRENCY' : takesColumn(m[1])) return null; // COUNT may have a column: events that have it
  return m[2] ? { op: m[1], column: m[2] } : { op: m[1] };
}

/** @returns {Query} where Explore starts */
export function defaultQuery() {
  return { calculations: [{ op: 'HEATMAP', column: 'duration_ms' }, { op: 'COUNT' }, { op: 'P95', column: 'duration_ms' }], filters: [],
    any: false, breakdowns: ['service.name'], orders: [], limit: defaultLimit, havings: [], granularity: 0, fields: [], formulas: [], compare: '' };
}

/** @param {string} text @returns {unknown} */
function json(text) { try { return readJSON(text); } catch { return undefined; } }

/** @param {string[]} texts values of the URL's f @returns {Filter[]} */
export function parseFilters(texts) {
  return texts.flatMap((text) => {
    const v = json(text);
    if (!Array.isArray(v) || typeof v[0] !== 'string' || !filterOps.includes(v[1])) return [];
    return [v.length > 2 ? { column: v[0], op: v[1], value: v[2] } : { column: v[0], op: v[1] }];
  });
}

/** @param {Filter[]} filters @returns {string[]} */
export function filterTexts(filters) { return filters.map((f) => JSON.stringify(filterParts(f))); }
/** @param {Filter} f */
function filterParts(f) { return takesValue(f.op) ? [f.column, f.op, f.value] : [f.column, f.op]; }

/** @param {Calculation} c @returns {string} a value of the URL's c: COUNT, or ["failed","COUNT",[["error","exists"]],"any"] */
export function calculationText(c) {
  if (!c.name) return plainLabel(c);
  return JSON.stringify([c.name, plainLabel(c), ...(c.filters?.length ? [c.filters.map(filterParts), ...(c.any ? ['any'] : [])] : [])]);
}

/** @param {string} text @returns {Calculation | null} */
export function parseCalculation(text) {
  if (!text.startsWith('[')) return parseLabel(text);
  const v = json(text), plain = Array.isArray(v) && typeof v[0] === 'string' && v[0] ? parseLabel(String(v[1])) : null;
  if (!plain || !Array.isArray(v)) return null;
  const filters = parseFilters((Array.isArray(v[2]) ? v[2] : []).map((part) => JSON.stringify(part)));
  return { ...plain, name: v[0], ...(filters.length ? { filters } : {}), ...(v[3] === 'any' && filters.length > 1 ? { any: true } : {}) };
}

/**
 * @param {URLSearchParams} params
 * @param {Set<string>} [known] columns that exist, for the default
 * @returns {Query} what the URL says; without c= the default
 */
export function fromURL(params, known) {
  const query = defaultQuery();
  if (known?.size) {
    query.calculations = query.calculations.filter((c) => !c.column || known.has(c.column));
    query.breakdowns = query.breakdowns.filter((b) => known.has(b));
  }
  if (params.has('c')) {
    query.calculations = params.getAll('c').flatMap((text) => parseCalculation(text) ?? []);
    query.breakdowns = [];
  }
  if (params.has('by')) query.breakdowns = params.getAll('by').filter(Boolean);
  query.filters = parseFilters(params.getAll('f'));
  const oneService = query.filters.some((f) => f.column === 'service.name' && f.op === '=');
  if (oneService && !params.has('c') && !params.has('by')) query.breakdowns = ['name']; // grouping by the only service says nothing
  query.any = params.get('any') === '1';
  query.orders = params.getAll('o').filter((text) => text.length > 1 || text !== '-')
    .map((text) => ({ label: text.replace(/^-/, ''), descending: text.startsWith('-') }));
  const limit = Number(params.get('lim') ?? defaultLimit), granularity = Number(params.get('g') ?? 0);
  if (Number.isInteger(limit) && limit > 0 && limit <= 1000) query.limit = limit;
  if (Number.isInteger(granularity) && granularity >= 0) query.granularity = granularity;
  query.havings = params.getAll('h').flatMap((text) => {
    const v = json(text);
    return Array.isArray(v) && typeof v[0] === 'string' && v[0] && havingOps.includes(v[1]) && isNumber(v[2]) ? [{ label: v[0], op: v[1], value: v[2] }] : [];
  });
  query.fields = parseFields(params.getAll('cf'));
  query.formulas = parseFields(params.getAll('fm'));
  const compare = params.get('cmp') ?? '';
  if (compare === 'p' || /^[1-9]\d*$/.test(compare)) query.compare = compare;
  return query;
}

/** @param {string[]} texts values of the URL's cf or fm @returns {Field[]} */
export function parseFields(texts) {
  return texts.flatMap((text) => {
    const v = json(text);
    return Array.isArray(v) && v.length === 2 && v.every((part) => typeof part === 'string' && part) ? [{ name: v[0], expression: v[1] }] : [];
  });
}

/** @param {Field[]} fields @returns {string[]} */
export function fieldTexts(fields) { return fields.map((field) => JSON.stringify([field.name, field.expression])); }

/** @param {Query} query @returns {Record<string, string[]>} the URL's parameters; an empty list takes one away */
export function toURL(query) {
  return {
    c: query.calculations.map(calculationText), fm: fieldTexts(query.formulas), cmp: query.compare ? [query.compare] : [], by: query.breakdowns.length ? query.breakdowns : [], f: filterTexts(query.filters),
    any: query.any ? ['1'] : [], o: query.orders.map((o) => `${o.descending ? '-' : ''}${o.label}`),
    lim: query.limit === defaultLimit ? [] : [String(query.limit)], g: query.granularity ? [String(query.granularity)] : [],
    h: query.havings.map((h) => JSON.stringify([h.label, h.op, h.value])), cf: fieldTexts(query.fields),
  };
}

/** @param {Calculation} c @returns {Record<string, unknown>} as the server takes it */
function calculationOf(c) {
  return { op: c.op, ...(c.column ? { column: c.column } : {}), ...(c.name ? { name: c.name } : {}),
    ...(c.filters?.length ? { filters: c.filters, ...(c.any ? { filter_combination: 'OR' } : {}) } : {}) };
}

/** @param {Query} query @param {string} name of a result @returns {{op?: string, column?: string} | null} how an order or a having names it */
function termOf(query, name) {
  if (query.formulas.some((f) => f.name === name)) return { column: name };
  const found = query.calculations.find((c) => label(c) === name);
  return !found ? null : found.name ? { op: found.op, column: found.name } : { op: found.op, ...(found.column ? { column: found.column } : {}) };
}

/** @param {Query} query @param {number} length of its time, in seconds @returns {number} how many seconds earlier the time is that it is compared with; 0 for none */
export function compareSeconds(query, length) {
  const seconds = query.compare === 'p' ? length : Number(query.compare);
  return seconds >= length ? seconds : 0;
}

/**
 * The server's query specification (Honeycomb's).
 * @param {Query} query @param {Time} time
 * @returns {Record<string, unknown>}
 */
export function specification(query, time) {
  const orders = query.orders.flatMap((o) => {
    const order = o.descending ? 'descending' : 'ascending', term = termOf(query, o.label);
    if (term) return [{ ...term, order }];
    return query.breakdowns.includes(o.label) ? [{ column: o.label, order }] : [];
  });
  const havings = query.havings.flatMap((h) => {
    const term = termOf(query, h.label);
    return term ? [{ ...(term.op ? { calculate_op: term.op } : {}), ...(term.column ? { column: term.column } : {}), op: h.op, value: h.value }] : [];
  });
  // Whole seconds; two times that are compared are of one length.
  const end = Math.ceil(time.end), length = query.compare ? Math.max(1, Math.round(time.end - time.start)) : end - Math.floor(time.start), before = compareSeconds(query, length);
  return {
    calculations: query.calculations.map(calculationOf), ...(query.formulas.length ? { formulas: query.formulas } : {}), filters: query.filters,
    filter_combination: query.any ? 'OR' : 'AND', breakdowns: query.breakdowns, ...(orders.length ? { orders } : {}), limit: query.limit, start_time: end - length, end_time: end, havings,
    ...(query.granularity ? { granularity: query.granularity } : {}), ...(query.fields.length ? { calculated_fields: query.fields } : {}),
    ...(before ? { compare_time_offset_seconds: before } : {}),
  };
}

/**
 * A typed text becomes the value that the column's type wants; null where it cannot be one.
 * @param {string} text @param {string} op @param {string} [type] string, integer, float or boolean
 * @returns {unknown}
 */
export function readValue(text, op, type = 'string') {
  if (op === 'in' || op === 'not-in') {
    const list = text.split(',').map((part) => readValue(part.trim(), '=', type)).filter((v) => v !== null && v !== '');
    return list.length ? list : null;
  }
  if (/with$|contain$|contains$/.test(op)) return text;
  if (type === 'integer' || type === 'float') return text.trim() !== '' && Number.isFinite(Number(text)) ? exactNumber(text.trim()) : null;
  if (type === 'boolean') return /^(true|1|yes)$/i.test(text.trim()) ? true : /^(false|0|no)$/i.test(text.trim()) ? false : null;
  return text;
}

/** @param {unknown} value @returns {string} a filter's value as a reader writes it */
export function valueText(value) {
  if (Array.isArray(value)) return value.map(valueText).join(', ');
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
}

/** @param {string} column @param {unknown} value @param {boolean} [out] @returns {Filter} this value only, or all but it; null is "not there" */
export function valueFilter(column, value, out = false) {
  if (value === null) return { column, op: out ? 'exists' : 'does-not-exist' };
  return { column, op: out ? '!=' : '=', value };
}

/**
 * The query, narrowed by one more filter. Filters joined by "any of" become one "in" where they look for values of one column; else they
 * cannot be said together with an "and", and the new filter takes their place.
 * @param {Query} query @param {Filter} extra @returns {Query}
 */
export function narrowed(query, extra) {
  if (!query.any || query.filters.length < 2) return { ...query, any: false, filters: withFilter(query.filters, extra) };
  const [first] = query.filters, same = query.filters.every((f) => f.column === first.column && f.op === '=');
  const before = same ? [{ column: first.column, op: 'in', value: query.filters.map((f) => f.value) }] : [];
  return { ...query, any: false, filters: withFilter(before, extra) };
}

/** @param {Filter[]} filters @param {Filter} extra @returns {Filter[]} with it once */
export function withFilter(filters, extra) {
  const text = filterTexts([extra])[0];
  return filterTexts(filters).includes(text) ? filters : [...filters, extra];
}
