// @ts-check
// One span: its figures, and its attributes, events, links and logs. The fields are fetched when the span is opened.
import { icon } from '../charts/svg.js';
import { columnUnit, cut, duration, durationText, figure as asFigure, plural } from '../model/format.js';
import { isNumber } from '../model/json.js';
import { filterTexts, valueFilter } from '../model/query.js';
import { shownName } from '../model/trace-tree.js';
import * as api from '../wire/api.js';
import { badge, breakable, copyButton, doorMarks, figure, fill, h, service } from './dom.js';
import { errorButton } from './logs-line.js';
import { link } from './router.js';
import { xrayTabs } from './span-xray.js';
import { loader } from './states.js';
import { linesAround } from './times.js';

const longText = 600; // characters shown before "show all"
const kept = 200; // spans whose fields stay in memory

/** @typedef {import('../model/trace-tree.js').Node} Node */

/**
 * @param {{traceID: string, startUs: number, tab: () => string, setTab: (tab: string) => void, close: () => void, zoom: (node: Node) => void}} given
 * @returns {{element: HTMLElement, show: (node: Node) => void, hide: () => void, stop: () => void}}
 */
export function spanPanel(given) {
  const element = h('aside', { class: 'panel span-panel', 'aria-label': 'Span' }), load = loader();
  const body = h('div', { class: 'span-body' });
  /** @type {Map<string, any>} */
  const known = new Map();
  let find = '', timer = 0;
  const ask = async (/** @type {Node} */ node, /** @type {AbortSignal} */ signal) => {
    const cached = known.get(node.span.id);
    if (cached) return cached;
    const whole = await api.span(given.traceID, node.span.id, signal);
    if (known.size >= kept) known.delete(known.keys().next().value ?? '');
    known.set(node.span.id, whole);
    return whole;
  };
  const show = (/** @type {Node} */ node) => {
    element.hidden = false;
    fill(element, head(node, given), body);
    clearTimeout(timer);
    const cached = known.get(node.span.id);
    const draw = (/** @type {any} */ whole) => tabs(body, whole, node, given, { get: () => find, set: (text) => { find = text; } });
    if (cached) draw(cached); else timer = window.setTimeout(() => load.run(body, (signal) => ask(node, signal), draw), 60);
  };
  return { element, show, hide() { element.hidden = true; }, stop() { clearTimeout(timer); load.stop(); } };
}

/** @param {Node} node @param {any} given */
function head(node, given) {
  const { span } = node, cell = (/** @type {string} */ name, /** @type {any} */ value, c = '') => h('div', {}, h('dt', {}, name),
    h('dd', { class: c }, value));
  const same = filterTexts([{ column: 'service.name', op: '=', value: span.service }, { column: 'name', op: '=', value: span.name }]);
  const around = `${Math.floor(given.startUs / 1e6 - 1800)}..${Math.ceil(given.startUs / 1e6 + 1800)}`;
  return h('div', { class: 'span-head' },
    h('div', { class: 'row' }, service(span.service, true), h('span', { class: 'dim small' }, span.kind), span.doors && doorMarks(span.doors),
      span.sample_rate > 1 && h('span', { class: 'faint small' }, `stands for ${span.sample_rate}`),
      h('span', { class: 'end row faint small hide-s' }, h('kbd', {}, 'j'), h('kbd', {}, 'k'), h('span', { class: 'nowrap' }, 'next, previous')),
        h('button', { class: 'btn ghost sm sq only-narrow', type: 'button', 'aria-label': 'Close the span', onclick: given.close }, icon('x'))),
    h('h2', { class: 'mono span-name' }, cut(shownName(span) || '(no name)', 400)),
    h('dl', { class: 'facts' }, cell('Duration', span.no_end ? 'not known' : figure(duration(span.duration_ns / 1e6))), cell('Self', span.no_end ? '–' : figure(duration(node.selfNs / 1e6))),
      cell('Starts at', ['+', figure(duration(span.offset_ns / 1e6))]),
      cell('Status', span.error ? 'error' : 'ok', span.error ? 't-err' : '')),
    span.status_message && h('div', { class: 'note err' }, icon('err'), h('span', { class: 'small pre grow' }, cut(span.status_message, longText))),
    span.in_progress && h('div', { class: 'note warn' }, icon('clock'), h('span', { class: 'small grow' },
      'It was still running when this was sent; nothing came since.')),
    span.no_end && h('div', { class: 'note warn' }, icon('warn'), h('span', { class: 'small grow' },
      'It has no end, or one before its start: the program may have been stopped meanwhile, or its instrumentation did not end it.')),
    node.orphan && h('div', { class: 'note warn' }, icon('warn'), h('span', { class: 'small grow' },
      h('span', {}, 'Its parent ', h('span', { class: 'mono' }, span.parent),
      ' never came. It may still be on its way, was not sampled, or a proxy dropped traceparent.'))),
    node.outside && h('div', { class: 'note warn' }, icon('warn'), h('span', { class: 'small grow' },
      'It runs outside its parent’s time: work that outlives its caller, or clocks that differ.')),
    h('div', { class: 'row wrap' }, h('a', { class: 'btn sm', href: link('/ui/explore', { f: same, t: around, by: [],
      c: ['HEATMAP(duration_ms)', 'COUNT', 'P95(duration_ms)'] }) }, 'Spans like this'),
      h('a', { class: 'btn sm', href: link('/ui/traces', { f: same, t: around }) }, 'Traces with it'),
      h('a', { class: 'btn sm', href: linesAround(given.startUs + span.offset_ns / 1000, given.startUs + (span.offset_ns + span.duration_ns) / 1000), title: 'What all programs wrote while it ran, and two seconds before and after' }, 'Lines around'),
        h('button', { class: 'btn sm', type: 'button', onclick: () => given.zoom(node) }, 'Zoom to it', h('kbd', {}, 'x')),
        copyButton(span.id, 'Copy id', 'the span’s id')));
}

/**
 * @param {HTMLElement} body
 * @param {any} whole
 * @param {Node} node
 * @param {any} given
 * @param {{get: () => string, set: (text: string) => void}} find
 */
function tabs(body, whole, node, given, find) {
  const fields = Object.entries(whole.fields ?? {}), events = whole.events ?? [], links = whole.links ?? [], logs = whole.logs ?? [];
  /** @type {[string, string, number, () => any][]} */
  let list = [['attributes', 'Attributes', fields.length, () => attributes(fields, find)],
    ['events', 'Events', events.length, () => events.map((/** @type {any} */ e) => happening(e, node, e.name, ''))],
    ['links', 'Links', links.length, () => links.map(linkRow)], ['logs', 'Logs', logs.length,
      () => logs.map((/** @type {any} */ l) => happening(l, node, l.body, l.severity))]];
  list = xrayTabs(list, { fields, events, traceID: given.traceID, spanID: node.span.id, valueOf });
  const bar = h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Of this span' }), panel = h('div',
    { class: 'span-tab', role: 'tabpanel', tabindex: -1, 'aria-label': 'Of this span' });
  const none = { attributes: 'This span has no attribute.', events: 'No event happened inside this span.',
    links: 'This span points to no other trace.', logs: 'No log line was written inside this span. Lines join when they carry the span’s id.' };
  const show = (/** @type {string} */ key) => {
    const [name, , count, build] = list.find(([k]) => k === key) ?? list[0];
    fill(bar, list.map(([k, text, n]) => h('button', { role: 'tab', type: 'button', 'aria-selected': k === name, tabindex: k === name ? 0 : -1,
      onclick: () => { given.setTab(k); show(k); }, onkeydown: (/** @type {KeyboardEvent} */ e) => {
      const at = list.findIndex(([q]) => q === k), next = list[at + (e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : 0)];
      if (next && next[0] !== k) { given.setTab(next[0]); show(next[0]); /** @type {any} */ (bar.querySelector('[aria-selected="true"]')).focus(); }
    } }, text, h('span', { class: 'c' }, n))));
    bar.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    fill(panel, count ? build() : h('p', { class: 'dim small pad' }, none[/** @type {'logs'} */ (name)]));
  };
  fill(body, bar, panel);
  show(given.tab());
}

/** @param {[string, any][]} fields @param {{get: () => string, set: (text: string) => void}} find */
function attributes(fields, find) {
  const list = h('dl', { class: 'kv' }), input = h('input', { placeholder: 'Filter attributes', 'aria-label': 'Filter attributes',
    oninput: () => { find.set(input.value); draw(); } });
  input.value = find.get();
  const draw = () => {
    const text = find.get().trim().toLowerCase();
    const shown = fields.filter(([k, v]) => !text || k.toLowerCase().includes(text) || String(v).toLowerCase().includes(text)).sort(([a],
      [b]) => a.localeCompare(b));
    fill(list, shown.map(([key, value]) => [h('dt', {}, breakable(key)), h('dd', {}, valueOf(key, value))]),
      !shown.length && h('p', { class: 'dim small' }, `None of ${plural(fields.length, 'attribute')} contains this.`));
  };
  draw();
  return [fields.length > 6 && h('label', { class: 'input attr-find' }, icon('filter', 'i faint'), input), list];
}

/** @param {string} key @param {unknown} value a click looks for the same value, ⌥ click for all but it */
function valueOf(key, value) {
  const isList = typeof value === 'object' && value !== null && !isNumber(value), text = value === null ? 'null' : isList ? JSON.stringify(value, null, 1) : String(value),
    shown = h('span', {}, text === '' ? '(empty text)' : cut(text, longText));
  const to = (/** @type {boolean} */ out) => link('/ui/explore', { f: filterTexts([valueFilter(key, value, out)]) });
  const unit = isNumber(value) ? columnUnit(key) : '';
  const a = h('a', { class: 'attr', href: to(false), title: `${key} = … in Explore; ⌥ click leaves it out`,
    onclick: (/** @type {MouseEvent} */ e) => { if (e.altKey) a.setAttribute('href', to(true)); } }, shown);
  return h('span', { class: 'attr-row' }, isList ? h('span', { class: 'pre' }, shown) : a,
    unit && h('span', { class: 'faint nowrap' }, asFigure(value, unit).join(' ')),
    text.length > longText && h('button', { class: 'btn sm', type: 'button', onclick: (/** @type {any} */ e) => { shown.textContent = text;
      e.target.remove(); } }, `Show all ${text.length.toLocaleString('en-US')} characters`), copyButton(text, '', key));
}

/** @param {any} item an event or a log line @param {Node} node @param {string} title @param {string} severity */
function happening(item, node, title, severity) {
  const kind = /^(err|fatal|crit)/i.test(severity) || item.name === 'exception' ? 'err' : /^warn/i.test(severity) ? 'warn' : severity ? 'info' : '';
  const fields = Object.entries(item.fields ?? {}).filter(([name]) => !/^(item|occurrence)\./.test(name) && !(severity && name === 'body')), uuid = item.fields?.['occurrence.uuid'];
  return h('div', { class: 'happening' }, h('div', { class: 'row' }, h('span', { class: 'faint mono',
    title: `+${durationText(item.offset_ns / 1e6)} in the trace` }, `+${durationText((item.offset_ns - node.span.offset_ns) / 1e6)}`),
    severity && h('b', { class: `t-${kind} tiny` }, severity.toUpperCase()),
    !severity && h('b', { class: kind === 'err' ? 't-err' : '' }, title), uuid && h('span', { class: 'end' }, errorButton(String(uuid)))), severity && h('p', { class: 'mono pre' }, cut(title, 4000)),
  fields.length > 0 && h('dl', { class: 'kv' }, fields.map(([k, v]) => [h('dt', {}, breakable(k)), h('dd', {}, valueOf(k, v))])));
}

/** @param {any} l */
function linkRow(l) {
  const fields = Object.entries(l.fields ?? {});
  return h('div', { class: 'happening' }, h('a', { class: 'mono cut', href: link(`/ui/trace/${encodeURIComponent(l.trace_id)}`,
    { span: l.span_id }) }, l.trace_id), h('span', { class: 'faint small' }, badge('', 'link'), ` span ${l.span_id}`),
    fields.length > 0 && h('dl', { class: 'kv' }, fields.map(([k, v]) => [h('dt', {}, breakable(k)), h('dd', {}, valueOf(k, v))])));
}
