// @ts-check
// Find traces by service, name, duration, errors and any filter.
import { scatter } from '../charts/scatter.js';
import { drawn, icon } from '../charts/svg.js';
import { columnUnit, duration, durationText, figure as asFigure, plural, whole } from '../model/format.js';
import { isNumber } from '../model/json.js';
import { filterTexts, parseFields, parseFilters, valueText } from '../model/query.js';
import { clock, rangeText, stamp } from '../model/time.js';
import * as api from '../wire/api.js';
import { combo, rank } from './combo.js';
import { datasets } from './catalog.js';
import { badge, colourOf, figure, fill, h, service } from './dom.js';
import { popover } from './popover.js';
import { dataset, go, link, patch, place, range, refresh, time, utc } from './router.js';
import { empty, loader, skeleton } from './states.js';
import { teach } from './teach.js';
import { instant } from './times.js';

const orders = { recent: 'Newest first', slowest: 'Slowest first', errors: 'Most errors first' };
const typingPause = 350; // ms
const pageSize = 50, mostTraces = 500;

/**
 * @returns {{service: string, name: string, error: boolean, min: number | null, max: number | null, filters: any[], and: any[], fields: any[], any: boolean, order: string, limit: number}} what the URL asks
 */
function searchOf(params = place.get().params) {
  const number = (/** @type {string} */ key) => { const n = Number(params.get(key));
    return params.get(key) && Number.isFinite(n) && n >= 0 ? n : null; };
  const order = params.get('order') ?? '';
  return { service: params.get('service') ?? '', name: params.get('name') ?? '', error: params.get('error') === '1', min: number('min'),
    max: number('max'),
    filters: parseFilters(params.getAll('f')), and: parseFilters(params.getAll('and')), fields: parseFields(params.getAll('cf')), any: params.get('any') === '1',
      order: order in orders ? order : 'recent', limit: Math.min(mostTraces, number('limit') || pageSize) };
}

/** @param {HTMLElement} host @returns {import('../app.js').Page} */
export function tracesPage(host) {
  const tools = h('section', { class: 'panel', 'aria-label': 'Search' }), body = h('section', { class: 'panel', 'aria-label': 'Traces' }),
    load = loader();
  fill(host, h('h1', { class: 'sr' }, 'Traces'), tools, body);
  let asked = '', off = () => {};
  const controls = searchControls();
  fill(tools, controls.element);
  const read = () => load.run(body, (signal) => api.traces({ dataset: dataset(), ...searchOf(), ...time() }, signal),
    (answer) => { off(); off = drawTraces(body, answer, searchOf()); }, () => skeleton(10));
  const update = () => {
    controls.update();
    const now = `${rangeText(range())} ${place.get().params}`;
    if (now !== asked) { asked = now; read(); }
  };
  update();
  const stop = refresh.subscribe(read);
  return { update, close() { stop(); off(); load.stop(); controls.stop(); }, keys: [{ key: 'e', says: 'Errors only',
    run: () => patch({ error: searchOf().error ? null : '1' }) }] };
}

function searchControls() {
  let timer = 0;
  /** What was typed into any of the fields since. @type {Record<string, string>} */
  let changes = {};
  const later = (/** @type {Record<string, string>} */ change) => {
    Object.assign(changes, change);
    clearTimeout(timer);
    timer = window.setTimeout(() => { const all = changes; changes = {}; patch(all, { replace: true }); }, typingPause);
  };
  const name = h('input', { placeholder: 'any span name', 'data-find': true, 'aria-label': 'Span name contains',
    oninput: () => later({ name: name.value.trim() }) });
  const bound = (/** @type {string} */ key, /** @type {string} */ label) => h('input', { inputmode: 'decimal', size: 6,
    placeholder: key === 'min' ? '0' : '∞', 'aria-label': label, 'aria-invalid': false, oninput: (/** @type {any} */ e) => {
    const text = e.target.value.trim(), ok = text === '' || (Number.isFinite(Number(text)) && Number(text) >= 0);
    e.target.setAttribute('aria-invalid', String(!ok));
    if (ok) later({ [key]: text });
  } });
  const min = bound('min', 'Least duration in milliseconds'), max = bound('max', 'Greatest duration in milliseconds');
  const which = h('button', { class: 'pick', type: 'button', 'aria-haspopup': 'dialog', onclick: () => pickService(which) });
  const errors = h('button', { class: 'btn', type: 'button', onclick: () => patch({ error: searchOf().error ? null : '1' }) }, icon('err'),
    'Errors only', h('kbd', {}, 'e'));
  const order = h('select', { class: 'input', 'aria-label': 'Order',
    onchange: () => patch({ order: order.value === 'recent' ? null : order.value }) }, Object.entries(orders).map(([value, text]) => h('option',
    { value }, text)));
  const chips = h('div', { class: 'row wrap' });
  const put = (/** @type {any} */ input, /** @type {string} */ text) => {
    if (document.activeElement === input) return;
    input.value = text;
    if (input !== name) input.setAttribute('aria-invalid', 'false');
  };
  return {
    element: h('div', { class: 'tools' }, which, h('label', { class: 'input name' }, icon('search', 'i faint'), name,
      h('kbd', { class: 'hide-s' }, 'f')),
      h('span', { class: 'row small dim' }, h('span', { class: 'input num-in' }, min), 'to', h('span', { class: 'input num-in' }, max), 'ms'), errors,
        h('span', { class: 'end' }, order), chips),
    stop() { clearTimeout(timer); },
    update() {
      const s = searchOf();
      put(name, s.name); put(min, s.min == null ? '' : String(s.min)); put(max, s.max == null ? '' : String(s.max));
      order.value = s.order;
      errors.setAttribute('aria-pressed', String(s.error));
      fill(which, h('span', { class: 'k' }, 'service'), s.service ? service(s.service) : 'any', icon('down'));
      which.setAttribute('aria-label', `Service: ${s.service || 'any'}`);
      chips.hidden = !s.filters.length && !s.and.length;
      const chipsOf = (/** @type {'f' | 'and'} */ key, /** @type {any[]} */ list) => list.map((f, i) => h('span', { class: 'chip mono' }, f.column,
        h('span', { class: 'op' }, f.op), h('span', { class: 'cut val' }, filterValue(f)),
        h('button', { class: 'x', type: 'button', 'aria-label': `Remove the filter on ${f.column}`,
          onclick: () => patch({ [key]: filterTexts(list.filter((_, k) => k !== i)) }) }, icon('x'))));
      const either = s.any && s.filters.length > 1;
      fill(chips, h('span', { class: 'small faint' }, either ? 'a span with one of' : 'a span with'), chipsOf('f', s.filters),
        either && s.and.length > 0 && h('span', { class: 'small faint' }, 'and'), chipsOf('and', s.and));
    },
  };
}

/** @param {any} f @returns {string} durations with their unit, and not to the last digit */
function filterValue(f) { return isNumber(f.value) && columnUnit(f.column) ? asFigure(f.value,
  columnUnit(f.column)).join(' ') : valueText(f.value); }

/** @param {HTMLElement} anchor */
function pickService(anchor) {
  popover(anchor, 'Service', (close) => combo({ label: 'Service', placeholder: 'Find a service', free: true,
    pick: (value) => { close(); patch({ service: value }); },
    options: (text) => [...(text ? [] : [{ value: '', text: 'any service' }]), ...datasets.get().filter((d) => rank(d.name,
      text) >= 0).map((d) => ({ value: d.name, note: plural(d.events, 'event') }))] }).element);
}

/** @param {HTMLElement} body @param {any} answer @param {any} search @returns {() => void} stops the drawing */
function drawTraces(body, answer, search) {
  const { traces } = answer;
  if (!traces.length) { fill(body, nothing(search)); return () => {}; }
  const most = Math.max(...traces.map((/** @type {any} */ t) => t.duration_ms));
  const plot = h('div', { class: 'chart scatter' });
  fill(body, h('header', {}, h('h2', {}, plural(traces.length, 'trace')), h('span', { class: 'sub' },
    traces.length >= search.limit ? `the ${orders[/** @type {'recent'} */ (search.order)].toLowerCase().replace(' first', '')}; there may be more` : 'all that match'),
    h('span', { class: 'end row' }, h('span', { class: 'key', vars: { '--c': 'var(--base)' } }, 'ok'),
      h('span', { class: 'key', vars: { '--c': 'var(--err)' } }, 'with errors'))), h('div', { class: 'pad' }, plot), traceTable(traces, most),
  traces.length >= search.limit && search.limit < mostTraces && h('div', { class: 'pad row' },
    h('button', { class: 'btn end', type: 'button', onclick: () => patch({ limit: String(Math.min(mostTraces, search.limit * 2)) }) },
    `Show ${Math.min(mostTraces, search.limit * 2)}`)));
  const watch = drawn(plot, () => scatter(plot, traces.map((/** @type {any} */ t) => ({ us: t.start_us, ms: t.duration_ms, error: t.errors > 0,
    size: t.spans, label: `${t.root_service} ${t.root_name}, ${durationText(t.duration_ms)}`, open: () => go(link(`/ui/trace/${t.trace_id}`)) })),
    utc.get()));
  return watch.stop;
}

/** @param {any[]} traces @param {number} most ms @returns {HTMLElement} */
export function traceTable(traces, most) {
  const day = stamp(Date.now() * 1000, utc.get()).slice(0, 10);
  return h('table', { class: 'tbl list traces' }, h('thead', {}, h('tr', {}, ['Trace', 'Duration', 'Spans', 'Errors', 'Services',
    'Start'].map((text, i) => h('th', { scope: 'col', class: `${i && i !== 4 ? 'num' : ''} ${i === 1 ? 'wide-dur' : ''} ${i === 4 ? 'hide-m' : ''}` },
    text)))),
    h('tbody', {}, traces.map((t) => {
      const to = link(`/ui/trace/${t.trace_id}`), at = stamp(t.start_us, utc.get());
      return h('tr', { class: 'go', onclick: (/** @type {MouseEvent} */ e) => { if (!/** @type {HTMLElement} */ (e.target).closest('a')) go(to); } },
        h('td', { class: 'wide' }, h('a', { href: to, class: 'inkless row', 'data-row': true }, service(t.root_service),
          h('span', { class: 'cut name' }, t.root_name || '(no name)'), !t.has_root && badge('warn', 'no root'))),
        h('td', { class: 'num wide-dur', 'data-l': 'duration' }, h('span', { class: 'dur' },
          h('span', { class: 'meter hide-s', 'aria-hidden': 'true' }, h('i', { vars: { width: `${Math.max(0.5, t.duration_ms / most * 100)}%` } })),
          t.no_end ? h('span', { class: 't-warn', title: 'Its root has no end: it may have taken longer' }, t.duration_ms ? ['≥ ', figure(duration(t.duration_ms))] : 'no end') : figure(duration(t.duration_ms)))),
        h('td', { class: 'num', 'data-l': 'spans' }, whole(t.spans)), h('td', { class: `num ${t.errors ? 't-err b' : 'faint'}`, 'data-l': 'errors' },
          whole(t.errors)),
        h('td', { class: 'hide-m' }, h('span', { class: 'strip', title: t.services.map((/** @type {any} */ s) => `${s.name} ${s.spans}`).join(', ') },
          t.services.map((/** @type {any} */ s) => h('i', { vars: { ...colourOf(s.name), 'flex-grow': s.spans } })),
          h('span', { class: 'sr' }, t.services.map((/** @type {any} */ s) => s.name).join(', ')))),
        h('td', { class: 'num dim', 'data-l': 'start' }, instant(t.start_us,
          at.startsWith(day) ? clock(t.start_us, utc.get()) : at.slice(5))));
    })));
}

/** @param {any} search */
function nothing(search) {
  const narrowed = search.service || search.name || search.error || search.min != null || search.max != null || search.filters.length || search.and.length;
  const free = { service: null, name: null, error: null, min: null, max: null, f: null, and: null, cf: null, any: null };
  if (narrowed) return empty('No trace matches.', ['One span has to meet all conditions at once. Take one away, or look over a longer time.'],
    [h('button', { class: 'btn', type: 'button', onclick: () => patch(free) }, 'Take all conditions away'),
      h('button', { class: 'btn ghost', type: 'button', onclick: () => patch({ t: '24h' }) }, 'Look in 24 h')]);
  if (!datasets.get().length) return teach('No trace yet.',
    ['A trace is what one request did, across services. It appears here when the first span comes. Set this in a program’s environment:']);
  return empty('No trace in this time.', ['A trace is what one request did, across services. It appears here when the first span comes.'],
    [h('a', { class: 'btn pri', href: link('/ui/send') }, 'Send data'), h('button', { class: 'btn ghost', type: 'button',
      onclick: () => patch({ t: '7d' }) }, 'Look in 7 d')]);
}
