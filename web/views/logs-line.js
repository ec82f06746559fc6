// @ts-check
// One line, and what is in it once it is open.
import { icon } from '../charts/svg.js';
import { fieldName, level, quoted } from '../model/insights.js';
import { clock, stamp, zoneName } from '../model/time.js';
import { marked } from './combo.js';
import { copyButton, fill, h, service } from './dom.js';
import { go, link, utc } from './router.js';
import { failed, skeleton } from './states.js';
import { copyTime, instant, linesAround } from './times.js';
import { occurrence } from '../wire/errors.js';

const names = { E: ['ERROR', 't-err'], W: ['WARN', 't-warn'], I: ['INFO', 't-info'], D: ['DEBUG', 'faint'], '': ['', 'faint'] };
const aroundUs = 5e6;
const mostInstead = 5, aside = /^(meta|item|occurrence|trace|severity|scope|library|telemetry|process|host|os|service|container|k8s|cloud|deployment|log|signal)(\.|_|$)|^(time|timestamp|dataset|name)$/;
const traceIn = /"(?:trace_?id|xray_trace_id)"\s*:\s*"([0-9a-f]{32})"/i;

/** @typedef {{us: number, dataset: string, message: string, fields?: Record<string, unknown>, severity?: string, trace?: string}} Line */

/** @param {string} text @returns {any[]} what stands behind "=" or ":" of a key is coloured */
function nice(text) {
  return text.slice(0, 2000).split(/((?:^|[\s,{])(?:"[\w.@]+"\s?[=:]\s?|[\w.@]+[=:]))("(?:[^"\\]|\\.)*"|[^\s,}]+)/).map((part, i) => (i % 3 === 1 ? h('span', { class: 'faint' }, part)
    : i % 3 === 2 ? h('span', { class: 'v' }, part) : part));
}

/** What stands where a record has no text: its event's name and some of what it carries. @param {Record<string, unknown> | undefined} fields @returns {string} */
function instead(fields) {
  const { 'event.name': name, ...rest } = fields ?? {}, own = Object.entries(rest).filter(([key, value]) => value !== '' && !aside.test(key)).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = [...(name ? [String(name)] : []), ...own.slice(0, mostInstead).map(([key, value]) => `${key}=${String(value).slice(0, 60)}`)].join('  ');
  return text || (fields ? 'no text' : 'no text; its fields are inside');
}

/**
 * @param {Line} line @param {{fields?: (signal?: AbortSignal) => Promise<Record<string, unknown>>, addFilter?: (condition: string) => void, opened?: () => void, mark?: string, way?: HTMLElement | null}} [options] mark: a text to stand out; way: a link of the caller's, before the others
 * @returns {HTMLElement} a row, and below it its fields when it is open
 */
export function logLine(line, options = {}) {
  const grave = level(line.fields ?? { body: line.message, ...(line.severity && { severity: line.severity }) }), [word, colour] = names[grave], trace = line.trace ?? line.fields?.['trace.trace_id'] ?? traceIn.exec(line.message)?.[1];
  const detail = h('div', { hidden: true });
  const row = h('button', { class: `ln ${grave}`, type: 'button', 'aria-expanded': false, tabindex: -1, onclick: () => toggle() },
    instant(line.us, clock(line.us, utc.get(), 'milli'), 'faint'), h('span', { class: `lv ${colour}` }, word), service(line.dataset),
    !line.message ? h('span', { class: 'msg faint' }, instead(line.fields)) : h('span', { class: 'msg' }, options.mark ? marked(line.message.slice(0, 2000), options.mark) : nice(line.message)), h('span', { class: 'tr', title: trace ? `trace ${trace}` : null }, trace && icon('trace')));
  const toggle = async () => {
    const opens = detail.hidden;
    detail.hidden = !opens;
    row.setAttribute('aria-expanded', String(opens));
    if (!opens) return;
    options.opened?.();
    if (detail.hasChildNodes()) return;
    if (line.fields) { fill(detail, fieldList(line, line.fields, options)); return; }
    fill(detail, skeleton(4));
    try { fill(detail, fieldList(line, options.fields ? await options.fields() : { '@message': line.message }, options)); } catch (error) { fill(detail, failed(error)); }
  };
  return h('div', { class: 'ln-box' }, row, detail);
}

/** One stop of the Tab key for all lines: arrows go from line to line. @template {HTMLElement} T @param {T} list @returns {T} */
export function byArrows(list) {
  list.addEventListener('keydown', (event) => {
    const lines = /** @type {HTMLElement[]} */ ([...list.querySelectorAll('.ln')]), at = lines.indexOf(/** @type {HTMLElement} */ (document.activeElement)), isEntered = document.activeElement === list;
    if (at < 0 && !isEntered || event.metaKey || event.ctrlKey || event.altKey) return;
    const to = { ArrowDown: isEntered ? lines.findIndex((line) => line.getBoundingClientRect().top >= list.getBoundingClientRect().top) : at + 1, ArrowUp: isEntered ? lines.length - 1 : at - 1, Home: 0, End: lines.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = lines[Math.max(0, Math.min(lines.length - 1, to))];
    next?.focus();
    next?.scrollIntoView({ block: 'nearest' });
  });
  return list;
}

/** @param {Line} line @param {Record<string, unknown>} fields @param {{addFilter?: (condition: string) => void, way?: HTMLElement | null}} options */
function fieldList(line, fields, options) {
  const trace = String(fields['trace.trace_id'] ?? ''), stack = fields['exception.stacktrace'];
  const body = String(fields.body ?? line.message);
  const shown = Object.entries(fields).filter(([name]) => !['body', 'exception.stacktrace'].includes(name) && !/^(meta|item|occurrence)\./.test(name)).sort(([a], [b]) => (a < b ? -1 : 1));
  return h('div', { class: 'js' }, h('div', { class: 'row wrap js-tools' },
    options.way, trace && h('a', { class: 'btn sm', href: link(`/ui/trace/${trace}`) }, icon('trace'), `Trace ${trace.slice(0, 8)}`),
    fields['occurrence.uuid'] && errorButton(String(fields['occurrence.uuid'])),
    h('a', { class: 'btn sm', href: linesAround(line.us, line.us, line.dataset, aroundUs) }, 'Lines around'),
    copyButton(body, 'Copy line'), h('span', { class: 'row small dim' }, instant(line.us, `${stamp(line.us, utc.get())} ${zoneName(line.us, utc.get())}`, 'nowrap'), copyTime(line.us)), options.addFilter && h('span', { class: 'end faint small hide-s' }, 'a click on a key filters by its value')),
  h('p', { class: 'pre body' }, body), stack && h('details', {}, h('summary', {}, 'exception.stacktrace'), h('pre', {}, String(stack))),
  shown.map(([name, value]) => h('p', {}, key(name, value, options), ': ', h('span', { class: typeof value === 'string' ? 'x-s' : 'x-n' },
    typeof value === 'string' ? JSON.stringify(value) : String(value)))));
}

/** @param {string} uuid the occurrence that the line is @returns {HTMLElement} opens its item */
export function errorButton(uuid) {
  const button = h('button', { class: 'btn sm', type: 'button', onclick: async () => {
    const found = await occurrence(uuid).catch(() => null);
    if (found?.item) go(link(`/ui/errors/${found.item.id}`)); else fill(button, icon('bug'), 'No item yet');
  } }, icon('bug'), 'Error item');
  return button;
}

/** @param {string} name @param {unknown} value @param {{addFilter?: (condition: string) => void}} options */
function key(name, value, { addFilter }) {
  const field = name === 'log.stream' ? '@logStream' : fieldName(name.replace(/ \(field\)$/, ''));
  const text = typeof value === 'string' ? quoted(value) : String(value);
  return addFilter ? h('button', { class: 'plain x-k', type: 'button', onclick: () => addFilter(`${field} = ${text}`) }, name) : h('span', { class: 'x-k' }, name);
}
