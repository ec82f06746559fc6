// @ts-check
// The query's state: what Explore shows, its form in the URL, and the specification that the server takes.

/** @typedef {{op: string, column?: string}} Calculation */
/** @typedef {{column: string, op: string, value?: unknown}} Filter */
/** @typedef {{label: string, descending: boolean}} Order  label of a calculation, or a column that is grouped by */
/** @typedef {{calculation: Calculation, op: string, value: number}} Having */
/** @typedef {{name: string, expression: string}} Field  a column that a formula of this question makes */
/** @typedef {{calculations: Calculation[], filters: Filter[], any: boolean, breakdowns: string[], orders: Order[], limit: number,
 *   havings: Having[], granularity: number, fields: Field[]}} Query  granularity in seconds, 0 is automatic */

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
export function label(c) { return c.column ? `${c.op}(${c.column})` : c.op; }

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
    any: false, breakdowns: ['service.name'], orders: [], limit: defaultLimit, havings: [], granularity: 0, fields: [] };
}

/** @param {string} text @returns {unknown} */
function json(text) { try { return JSON.parse(text); } catch { return undefined; } }

/** @param {string[]} texts values of the URL's f @returns {Filter[]} */
export function parseFilters(texts) {
  return texts.flatMap((text) => {
    const v = json(text);
    if (!Array.isArray(v) || typeof v[0] !== 'string' || !filterOps.includes(v[1])) return [];
    return [v.length > 2 ? { column: v[0], op: v[1], value: v[2] } : { column: v[0], op: v[1] }];
  });
}

/** @param {Filter[]} filters @returns {string[]} */
export function filterTexts(filters) {
  return filters.map((f) => JSON.stringify(takesValue(f.op) ? [f.column, f.op, f.value] : [f.column, f.op]));
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
    query.calculations = params.getAll('c').flatMap((text) => parseLabel(text) ?? []);
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
    const v = json(text), calculation = Array.isArray(v) ? parseLabel(String(v[0])) : null;
    return calculation && Array.isArray(v) && havingOps.includes(v[1]) && Number.isFinite(v[2]) ? [{ calculation, op: v[1], value: v[2] }] : [];
  });
  query.fields = parseFields(params.getAll('cf'));
  return query;
}

/** @param {string[]} texts values of the URL's cf @returns {Field[]} */
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
    c: query.calculations.map(label), by: query.breakdowns.length ? query.breakdowns : [], f: filterTexts(query.filters),
    any: query.any ? ['1'] : [], o: query.orders.map((o) => `${o.descending ? '-' : ''}${o.label}`),
    lim: query.limit === defaultLimit ? [] : [String(query.limit)], g: query.granularity ? [String(query.granularity)] : [],
    h: query.havings.map((h) => JSON.stringify([label(h.calculation), h.op, h.value])), cf: fieldTexts(query.fields),
  };
}

/**
 * The server's query specification (Honeycomb's).
 * @param {Query} query @param {{start: number, end: number}} time
 * @returns {Record<string, unknown>}
 */
export function specification(query, time) {
  const known = new Set(query.calculations.map(label));
  const orders = query.orders.flatMap((o) => {
    const order = o.descending ? 'descending' : 'ascending', calculation = parseLabel(o.label);
    if (calculation && known.has(o.label)) return [{ ...calculation, order }];
    return query.breakdowns.includes(o.label) ? [{ column: o.label, order }] : [];
  });
  return {
    calculations: query.calculations, filters: query.filters, filter_combination: query.any ? 'OR' : 'AND', breakdowns: query.breakdowns,
    ...(orders.length ? { orders } : {}), limit: query.limit, start_time: Math.floor(time.start), end_time: Math.ceil(time.end),
    havings: query.havings.filter((h) => known.has(label(h.calculation)))
      .map((h) => ({ calculate_op: h.calculation.op, ...(h.calculation.column ? { column: h.calculation.column } : {}), op: h.op, value: h.value })),
    ...(query.granularity ? { granularity: query.granularity } : {}), ...(query.fields.length ? { calculated_fields: query.fields } : {}),
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
  if (type === 'integer' || type === 'float') return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : null;
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
