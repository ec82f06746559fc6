// @ts-check
// Cairn's own API (docs/api.md), one function per question.
import { ask, get, post } from './http.js';

/** @typedef {{start: number, end: number}} Time  Unix seconds */

export const everything = '__all__';

/** @param {AbortSignal} [signal] */
export function status(signal) { return get('status', {}, signal); }
/** @param {AbortSignal} [signal] @returns {Promise<{datasets: {name: string, events: number, first_us: number, last_us: number}[]}>} */
export function datasets(signal) { return get('datasets', {}, signal); }
/** @param {string} dataset @param {AbortSignal} [signal] @returns {Promise<{columns: {name: string, type: string, events: number, description?: string, hidden?: boolean}[]}>} */
export async function columns(dataset, signal) {
  const answer = await get('columns', { dataset }, signal), derived = answer.derived ?? [], hidden = new Set(derived.map((/** @type {{name: string}} */ c) => c.name));
  return { columns: [...derived.map((/** @type {any} */ c) => ({ ...c, events: 0 })), ...answer.columns.filter((/** @type {{name: string}} */ c) => !hidden.has(c.name))] };
}
/** @param {string} dataset @param {Record<string, unknown>} query @param {AbortSignal} [signal] @param {boolean} [missing] whether the names that it names in vain are asked for */
export async function query(dataset, query, signal, missing) {
  const answer = await post('query', { dataset, query, missing }, signal),
    kept = answer.columns.map((/** @type {{name: string}} */ c) => !c.name.startsWith('HEATMAP('));
  const keep = (/** @type {any[]} */ list) => list.filter((_, i) => kept[i]); // a heatmap is a picture, no column of the table
  return { ...answer, columns: keep(answer.columns), data: keep(answer.data), info: { rows_matched: 0, rows_scanned: 0, elapsed_ms: 0,
    mean_sample_rate: 1, ...answer.info } };
}
/** @param {{dataset: string, query: object, selection: object, baseline?: object, limit?: number}} body @param {AbortSignal} [signal] */
export function bubbleUp(body, signal) { return post('bubbleup', body, signal); }
/** @param {Time} time @param {AbortSignal} [signal] */
export function services(time, signal) { return get('services', { ...time }, signal); }
/** @param {string} id @param {AbortSignal} [signal] the tree without the fields: they come span by span */
export function trace(id, signal) { return get(`traces/${encodeURIComponent(id)}`, { fields: 'none' }, signal); }
/** @param {string} id @param {string} span @param {AbortSignal} [signal] */
export function span(id, span, signal) { return get(`traces/${encodeURIComponent(id)}/spans/${encodeURIComponent(span)}`, {}, signal); }
/** @param {AbortSignal} [signal] the server's own figures */
export function server(signal) { return get('server', {}, signal); }
/** @param {string} id @param {string} span @returns {Promise<{id: string, as_sent: boolean, document: string}>} the X-Ray document that the span belongs to */
export function spanDocument(id, span) { return get(`traces/${encodeURIComponent(id)}/spans/${encodeURIComponent(span)}/document`); }
/** @param {Time & {filter?: string, group?: string}} asked filter: an expression of X-Ray @param {AbortSignal} [signal] */
export function map(asked, signal) { return get('map', { ...asked, filter: asked.filter || undefined, group: asked.group || undefined }, signal); }
/** @param {Time & {filter?: string, group?: string, after?: string, limit: number}} asked @param {AbortSignal} [signal] */
export function mapTraces(asked, signal) { return get('map/traces', { ...asked, filter: asked.filter || undefined, group: asked.group || undefined }, signal); }
/** @param {Time & {group?: string}} asked @param {AbortSignal} [signal] @returns {Promise<{insights: any[]}>} newest first; an open one has no end_us */
export function mapInsights(asked, signal) { return get('map/insights', { ...asked, group: asked.group || undefined }, signal); }
/** @param {AbortSignal} [signal] @returns {Promise<{groups: {name: string, filter: string, insights: boolean}[]}>} */
export function mapGroups(signal) { return get('map/groups', {}, signal); }
/** @param {AbortSignal} [signal] */
export function doors(signal) { return get('doors', {}, signal); }

/**
 * Where a text stands: the columns that have it as a value, and the log lines that hold it.
 * @param {string} text @param {AbortSignal} [signal]
 * @returns {Promise<{columns: {name: string, events: number, traces: number, trace: string | null, first_us: number, last_us: number}[],
 *   lines: {events: number, first_us: number, last_us: number}, complete: boolean}>} complete: false where the time ended before all was looked at
 */
export function find(text, signal) { return get('find', { text }, signal); }

/**
 * The most frequent values of a column, for suggestions.
 * @param {string} dataset @param {string} column @param {Time} time @param {AbortSignal} [signal]
 * @returns {Promise<{value: unknown, count: number}[]>}
 */
export async function values(dataset, column, time, signal) {
  const answer = await query(dataset, { calculations: [{ op: 'COUNT' }], breakdowns: [column], orders: [{ op: 'COUNT', order: 'descending' }],
    filters: [{ column, op: 'exists' }], limit: 30, start_time: Math.floor(time.start), end_time: Math.ceil(time.end) }, signal);
  const at = (/** @type {string} */ kind) => answer.data[answer.columns.findIndex((/** @type {{kind: string}} */ c) => c.kind === kind)] ?? [];
  const counts = at('calculation');
  return at('breakdown').map((/** @type {unknown} */ value, /** @type {number} */ i) => ({ value,
    count: counts[i] })).filter((/** @type {{value: unknown}} */ v) => v.value !== null);
}

/**
 * Traces. Conditions are joined by "and"; a search by "any of" becomes one question per filter, and the answers are joined here.
 * @param {{dataset?: string, service?: string, name?: string, error?: boolean, min?: number | null, max?: number | null, filters: object[],
 *   any?: boolean,  and?: object[], fields?: object[], order: string, limit: number} & Time} search  any: one of filters is enough; and: these hold besides; fields: columns that formulas make
 * @param {AbortSignal} [signal]
 */
export async function traces(search, signal) {
  const one = (/** @type {object[]} */ filters) => get('traces', { dataset: search.dataset, service: search.service, name: search.name,
    error: search.error ? true : undefined, min_duration_ms: search.min, max_duration_ms: search.max, order: search.order, limit: search.limit,
    start: search.start, end: search.end, filters: filters.length ? JSON.stringify(filters) : undefined,
    calculated_fields: search.fields?.length ? JSON.stringify(search.fields) : undefined }, signal);
  const besides = search.and ?? [];
  if (!search.any || search.filters.length < 2) return one([...search.filters, ...besides]);
  const answers = await Promise.all(search.filters.map((filter) => one([filter, ...besides])));
  const found = new Map(answers.flatMap((a) => a.traces).map((t) => [t.trace_id, t]));
  const by = { recent: (t) => t.start_us, slowest: (t) => t.duration_ms, errors: (t) => t.errors }[search.order] ?? ((t) => t.start_us);
  return { traces: [...found.values()].sort((a, b) => by(b) - by(a)).slice(0, search.limit), info: answers[0].info };
}

/** @param {object} body OTLP JSON, to this same server @returns {Promise<any>} */
export function sendTrace(body) {
  return ask('/v1/traces', { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } });
}
