// @ts-check
// What a span that came as an X-Ray document has beside others: annotations, metadata, exceptions with their chain, and the document itself.
import { cut } from '../model/format.js';
import { readJSON } from '../model/json.js';
import * as api from '../wire/api.js';
import { badge, copyButton, fill, h } from './dom.js';
import { failed, skeleton } from './states.js';
import { isAbort } from '../wire/http.js';

/** @typedef {[string, any]} Field */

/** @typedef {[string, string, number, () => any]} Tab  key, text, count and content */

/**
 * The tabs of a span with those that an X-Ray document adds; of the others only what has something, as the panel is narrow.
 * @param {Tab[]} tabs
 * @param {{fields: Field[], events: any[], traceID: string, spanID: string, valueOf: (key: string, value: unknown) => any}} of
 * @returns {Tab[]}
 */
export function xrayTabs(tabs, { fields, events, traceID, spanID, valueOf }) {
  const raised = events.filter((event) => event.name === 'exception');
  /** @type {Tab[]} */
  const more = raised.length ? [['exceptions', 'Exceptions', raised.length, () => exceptions(raised)]] : [];
  if (!isXRay(fields)) return [...tabs, ...more];
  const annotations = under(fields, 'annotation.'), count = under(fields, 'metadata.').length;
  const [attributes, ...others] = tabs;
  /** @type {Tab[]} */
  const own = [['annotations', 'Annotations', annotations.length, () => h('dl', { class: 'kv' }, annotations.map(([k, v]) => [h('dt', {}, k),
    h('dd', {}, valueOf(`annotation.${k}`, v))]))], ['metadata', 'Metadata', count, () => metadata(fields, valueOf)], ...more,
  ['document', 'Document', 1, () => rawDocument(traceID, spanID)]];
  const isMore = (/** @type {Tab} */ [key, , n]) => n > (key === 'events' ? raised.length : 0);
  return [attributes, ...own.filter(([, , n]) => n > 0), ...others.filter(isMore)];
}

/** @param {Field[]} fields @param {string} prefix @returns {Field[]} the fields under a prefix, by the rest of their names */
function under(fields, prefix) {
  return fields.filter(([name]) => name.startsWith(prefix)).map(([name, value]) => [name.slice(prefix.length), value]);
}

/** @param {Field[]} fields @returns {boolean} whether the span came as an X-Ray document */
function isXRay(fields) { return fields.some(([name]) => name === 'xray.type'); }

/**
 * Metadata by namespace.
 * @param {Field[]} fields @param {(key: string, value: unknown) => any} valueOf
 */
function metadata(fields, valueOf) {
  /** @type {Map<string, Field[]>} */
  const spaces = new Map();
  for (const [name, value] of under(fields, 'metadata.')) {
    const at = name.indexOf('.'), space = at < 0 ? 'default' : name.slice(0, at), rest = at < 0 ? name : name.slice(at + 1);
    spaces.set(space, [...spaces.get(space) ?? [], [rest, value]]);
  }
  return [...spaces].map(([space, list]) => h('section', { class: 'xray-space' }, h('h3', { class: 'small dim' }, space),
    h('dl', { class: 'kv' }, list.map(([key, value]) => [h('dt', {}, key), h('dd', {}, valueOf(`metadata.${space}.${key}`, value))]))));
}

/**
 * Exceptions as a chain: each says which one led to it.
 * @param {any[]} events rows named exception
 */
function exceptions(events) {
  const byID = new Map(events.map((event) => [event.fields?.['exception.id'], event]));
  return events.map((event) => {
    const of = event.fields ?? {}, cause = byID.get(of['exception.cause_id']);
    return h('div', { class: 'happening' }, h('div', { class: 'row wrap' }, h('b', { class: 't-err' }, of['exception.type'] ?? 'exception'),
      of['exception.remote'] && badge('warn', 'raised by the callee'),
      of['exception.id'] && h('span', { class: 'end faint mono small' }, of['exception.id'])),
    of['exception.message'] && h('p', { class: 'pre' }, cut(String(of['exception.message']), 4000)),
    of['exception.cause_id'] && h('p', { class: 'small dim' }, 'caused by ', cause ? h('b', {}, cause.fields['exception.type']) :
      h('span', { class: 'mono' }, `${of['exception.cause_id']}, recorded elsewhere in the trace`)),
    of['exception.stacktrace'] && h('div', { class: 'snip one' }, h('pre', { class: 'small', tabindex: 0, 'aria-label': 'Stack trace' },
      cut(String(of['exception.stacktrace']), 20000)), copyButton(String(of['exception.stacktrace']), '', 'the stack trace')));
  });
}

/**
 * The document, fetched when it is asked for.
 * @param {string} traceID @param {string} spanID @returns {HTMLElement}
 */
function rawDocument(traceID, spanID) {
  const host = h('div', { class: 'xray-document' }, skeleton(8));
  const read = () => api.spanDocument(traceID, spanID).then((answer) => {
    let text = answer.document;
    try { text = JSON.stringify(readJSON(answer.document), null, 2); } catch { /* shown as it is */ }
    fill(host, h('div', { class: 'row wrap' }, h('span', { class: 'small dim grow' }, answer.as_sent ? 'The segment document as it was sent.' :
      'Put together of parts that came by themselves, as BatchGetTraces gives it.'), copyButton(answer.document, 'Copy', 'the document')),
    h('pre', { class: 'small', tabindex: 0, 'aria-label': 'Segment document' }, text));
  }, (error) => { if (!isAbort(error)) fill(host, failed(error, read)); });
  read();
  return host;
}
