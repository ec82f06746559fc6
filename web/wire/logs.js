// @ts-check
// Log groups, Insights queries and the live tail (docs/api.md, "Logs").
import { everything } from './api.js';
import { follow, get, post } from './http.js';

/** @typedef {{name: string, lines: number, first_us: number, last_us: number}} Group */
/** @typedef {{status: string, reason?: string, columns: string[], rows: (string | null)[][], pointers: (string | null)[], statistics: {matched: number, scanned: number, bytes: number}, duration_ms: number, groups?: string[], marks?: {severity: string | null, trace: string | null}[]}} Results */

/** @param {AbortSignal} [signal] @returns {Promise<{groups: Group[]}>} */
export function groups(signal) { return get('logs/groups', {}, signal); }
/** @param {string} group @param {AbortSignal} [signal] @returns {Promise<{streams: {name: string, lines: number, last_us: number}[]}>} */
export function streams(group, signal) { return get('logs/streams', { group }, signal); }
/** @param {AbortSignal} [signal] @returns {Promise<{commands: string[], functions: string[], statistics: string[], fields: string[]}>} */
export function language(signal) { return get('logs/language', {}, signal); }
/** @param {string} pointer @param {AbortSignal} [signal] @returns {Promise<{us: number, dataset: string, fields: Record<string, unknown>}>} */
export function record(pointer, signal) { return get('logs/record', { pointer }, signal); }

/** @typedef {{unix_ms: number, kind: string, name: string, subject: string, destination: string, attempt: number, delivered: boolean, final: boolean, outcome: string, bytes: number, ms: number}} DeliveryEntry */
/** @typedef {{destination: string, delivered: number, failed: number, waiting: number, last_unix_ms: number, last_delivered: boolean, last_outcome: string}} Destination */
/** @param {'subscription' | 'alarm'} kind @param {AbortSignal} [signal] @returns {Promise<{waiting: any[], destinations: Destination[], entries: DeliveryEntry[]}>} */
export function deliveries(kind, signal) { return get('deliveries', { kind, limit: 200 }, signal); }

const pause = 150; // ms between two looks at a query that runs
const tailPause = 3000; // ms before a tail that ended is opened again

/**
 * Runs an Insights query; `partial` sees the rows that there are so far. Going away stops the query.
 * @param {{query: string, groups: string[], start: number, end: number, limit?: number}} question
 * @param {AbortSignal} signal @param {(results: Results) => void} [partial] @returns {Promise<Results>}
 */
export async function run(question, signal, partial) {
  const { id } = await post('logs/queries', { ...question, start: Math.floor(question.start), end: Math.ceil(question.end) }, signal);
  try {
    for (;;) {
      const results = await get(`logs/queries/${encodeURIComponent(id)}`, {}, signal);
      if (results.status === 'Complete') return results;
      if (results.status !== 'Running' && results.status !== 'Scheduled') {
        throw Object.assign(new Error(results.reason ?? `The query is ${results.status}.`), { kind: 'answer', status: 400 });
      }
      partial?.(results);
      await new Promise((done) => setTimeout(done, pause));
      signal.throwIfAborted();
    }
  } catch (error) {
    if (signal.aborted) post(`logs/queries/${encodeURIComponent(id)}/stop`, {}).catch(() => {});
    throw error;
  }
}

/**
 * Follows log lines as they are acknowledged, after the newest that there are.
 * @param {string[]} groups none: all of them
 * @param {number} last how many of those that there are @param {string} text that they must hold; none: all
 * @param {{line: (event: {us: number, dataset: string, fields: Record<string, unknown>}) => void, skipped: (count: number) => void, state: (open: boolean) => void}} handlers
 * @returns {() => void} ends it
 */
export function tail(groups, last, text, handlers) {
  const wanted = [...(groups.length > 1 ? [{ column: 'dataset', op: 'in', value: groups }] : []), ...(text ? [{ column: 'body', op: 'contains', value: text }] : [])];
  const filters = wanted.length ? { filters: JSON.stringify(wanted) } : {};
  const url = `/api/cairn/tail?${new URLSearchParams({ dataset: groups.length === 1 ? groups[0] : everything, signal: 'log', last: String(last), ...filters })}`;
  const abort = new AbortController();
  let timer = 0;
  const message = (/** @type {string} */ event, /** @type {any} */ data) => { if (event === 'skipped') handlers.skipped(data.events); else if (!event) handlers.line(data); };
  // However it ended, it is opened again after a pause: the server may have gone, or a proxy answered while it started.
  const open = () => follow(url, abort.signal, { open: () => handlers.state(true), message }).catch(() => {}).then(() => {
    if (abort.signal.aborted) return;
    handlers.state(false);
    timer = window.setTimeout(open, tailPause);
  });
  open();
  return () => { clearTimeout(timer); abort.abort(); };
}
