// @ts-check
// The log lines of a trace, in order of time.
import { plural } from '../model/format.js';
import { isNumber, readJSON } from '../model/json.js';
import { icon } from '../charts/svg.js';
import * as api from '../wire/api.js';
import { h } from './dom.js';
import { byArrows, logLine } from './logs-line.js';
import { link } from './router.js';

const most = 500;

/** @typedef {{offset_ns: number, severity?: string, dataset: string, body: unknown, span?: string, occurrence?: string}} TraceLine */

/** @param {string} body @returns {string} what a line of JSON says, before its fields; any other line as it is */
function spoken(body) {
  if (!body.startsWith('{')) return body;
  try {
    const { message, level, trace_id, span_id, xray_trace_id, ...rest } = readJSON(body);
    if (typeof message !== 'string') return body;
    return `${message}${Object.entries(rest).filter(([, value]) => typeof value !== 'object' || isNumber(value)).map(([name, value]) => `  ${name}=${value}`).join('')}`;
  } catch { return body; }
}

/** @param {TraceLine} line @returns {Record<string, unknown>} what the trace itself says of it */
function told(line) { return { body: String(line.body ?? ''), severity: line.severity ?? '', ...(line.occurrence && { 'occurrence.uuid': line.occurrence }), ...(line.span && { 'trace.parent_id': line.span }) }; }

/** @param {string} trace @param {TraceLine} line @returns {Promise<Record<string, unknown>>} all its fields: they come with its span, if that came */
async function whole(trace, line) {
  const logs = line.span ? (await api.span(trace, line.span).catch(() => null))?.logs : null;
  const found = (logs ?? []).find((/** @type {any} */ one) => Number(one.offset_ns) === Number(line.offset_ns) && one.body === line.body)?.fields;
  const { 'trace.trace_id': _, ...fields } = found ?? told(line);
  return fields;
}

/**
 * @param {{trace_id: string, logs?: TraceLine[]}} trace
 * @param {number} startUs @returns {HTMLElement | null} null where the trace has none
 */
export function traceLines(trace, startUs) {
  const lines = (trace.logs ?? []).toSorted((a, b) => a.offset_ns - b.offset_ns);
  if (!lines.length) return null;
  return h('section', { class: 'panel trace-lines', 'aria-labelledby': 'trace-lines-title' }, h('header', {}, h('h2', { id: 'trace-lines-title' }, 'Log lines'),
    h('span', { class: 'sub' }, plural(lines.length, 'line')), h('a', { class: 'end small', href: link('/ui/logs', { q: `filter trace.trace_id = "${trace.trace_id}" | fields @timestamp, @message | sort @timestamp asc`,
      t: `${Math.floor(startUs / 1e6) - 60}..${Math.ceil(startUs / 1e6) + 3600}` }) }, 'Open in Logs')),
  byArrows(h('div', { class: 'tail', role: 'group', 'aria-label': 'Log lines', tabindex: 0 }, lines.slice(0, most).map((line) => logLine({ us: startUs + line.offset_ns / 1000, dataset: line.dataset, message: spoken(String(line.body ?? '')),
    severity: line.severity }, { fields: () => whole(trace.trace_id, line), way: line.span ? h('a', { class: 'btn sm', href: link(`/ui/trace/${trace.trace_id}`, { span: line.span }) }, icon('trace'), 'Its span') : null })))),
  lines.length > most && h('p', { class: 'small faint pad' }, `${plural(lines.length - most, 'more line')} in Logs.`));
}
