// @ts-check
// The log lines of a trace, in order of time.
import { plural } from '../model/format.js';
import { h } from './dom.js';
import { logLine } from './logs-line.js';
import { link } from './router.js';

const most = 500;

/** @param {string} body @returns {string} what a line of JSON says, before its fields; any other line as it is */
function spoken(body) {
  if (!body.startsWith('{')) return body;
  try {
    const { message, level, trace_id, span_id, xray_trace_id, ...rest } = JSON.parse(body);
    if (typeof message !== 'string') return body;
    return `${message}${Object.entries(rest).filter(([, value]) => typeof value !== 'object').map(([name, value]) => `  ${name}=${value}`).join('')}`;
  } catch { return body; }
}

/**
 * @param {{trace_id: string, logs?: {offset_ns: number, severity?: string, dataset: string, body: unknown, span?: string}[]}} trace
 * @param {number} startUs @returns {HTMLElement | null} null where the trace has none
 */
export function traceLines(trace, startUs) {
  const lines = (trace.logs ?? []).toSorted((a, b) => a.offset_ns - b.offset_ns);
  if (!lines.length) return null;
  return h('section', { class: 'panel trace-lines', 'aria-labelledby': 'trace-lines-title' }, h('header', {}, h('h2', { id: 'trace-lines-title' }, 'Log lines'),
    h('span', { class: 'sub' }, plural(lines.length, 'line')), h('a', { class: 'end small', href: link('/ui/logs', { q: `filter trace.trace_id = "${trace.trace_id}" | fields @timestamp, @message | sort @timestamp asc`,
      t: `${Math.floor(startUs / 1e6) - 60}..${Math.ceil(startUs / 1e6) + 3600}` }) }, 'Open in Logs')),
  h('div', { class: 'tail' }, lines.slice(0, most).map((line) => logLine({ us: startUs + line.offset_ns / 1000, dataset: line.dataset, message: spoken(String(line.body ?? '')),
    fields: { body: String(line.body ?? ''), severity: line.severity ?? '', ...(line.span ? { 'trace.span_id': line.span } : {}) } }))),
  lines.length > most && h('p', { class: 'small faint pad' }, `${plural(lines.length - most, 'more line')} in Logs.`));
}
