// @ts-check
// Ask anything: the query, its pictures, BubbleUp beside the heatmap, the results and the traces behind them.
import { whole, digits, plural } from '../model/format.js';
import { boxText, parseBox } from '../model/heatbox.js';
import { fieldTexts, filterTexts, fromURL, label, narrowed, parseFilters, specification, takesValue, toURL, valueText } from '../model/query.js';
import { rangeText } from '../model/time.js';
import * as api from '../wire/api.js';
import { columns, datasets } from './catalog.js';
import { fill, h } from './dom.js';
import { bubblePanel } from './explore-bubbleup.js';
import { queryEditor } from './explore-editor.js';
import { heatmapPanel } from './explore-heatmap.js';
import { linePanel } from './explore-lines.js';
import { missingColumns, missingNote } from './explore-missing.js';
import { readMarkers } from './markers.js';
import { resultTabs, resultsTable, turned } from './explore-results.js';
import { dataset, go, link, patch, place, range, refresh, time } from './router.js';
import { empty, loader, skeleton } from './states.js';
import { teach } from './teach.js';
import { traceTable } from './traces.js';

/** @typedef {import('../model/heatbox.js').Box} Box */
/** @typedef {import('../model/query.js').Filter} Filter */

const presentation = ['box', 'tab', 'log']; // parameters that do not change the answer
const tracesShown = 50, bubbleColumns = 60;

/** @param {HTMLElement} host @returns {import('../app.js').Page} */
export function explorePage(host) {
  const load = loader(), bubbleLoad = loader(), traceLoad = loader(), body = h('div', { class: 'stack-4' });
  let known = /** @type {Set<string>} */ (new Set()), written = known, knownOf = '';
  const query = () => fromURL(place.get().params, known), box = () => parseBox(place.get().params.get('box'));
  const commit = (/** @type {import('../model/query.js').Query} */ next, more = {}) => patch({ ...toURL(next), ...more });
  const editor = queryEditor(query, commit, () => read());
  let asked = '', shownAt = { start: 0, end: 0 }, parts = /** @type {ReturnType<typeof drawAnswer> | null} */ (null);
  fill(host, h('h1', { class: 'sr' }, 'Explore'), editor.element, body);
  const learn = async () => {
    if (knownOf === dataset() && known.size) return;
    knownOf = dataset();
    const list = await columns(dataset()).catch(() => []);
    known = new Set(list.map((c) => c.name));
    written = new Set(list.filter((c) => c.events > 0 || 'expression' in c).map((c) => c.name));
    editor.update();
  };
  const read = () => {
    shownAt = time();
    readMarkers(dataset());
    let q = query();
    const ask = async (/** @type {AbortSignal} */ signal) => { await learn(); q = query(); const [answer, vain] = await Promise.all([api.query(dataset(), specification(q, shownAt), signal), missingColumns(q, written)]); return withWhole({ ...answer, vain }, q, shownAt, signal); };
    return load.run(body, (signal) => ask(signal).catch((error) => { if (error.field) editor.blame(error.field); fill(editor.info); throw error; }),
      (answer) => {
      parts?.stop();
      fill(editor.info, infoText(answer.info));
      for (const one of answer.vain) for (const clause of one.clauses) editor.blame(clause);
      parts = drawAnswer(body, answer, q, { shownAt, box, commit, bubbleLoad, traceLoad, known });
    }, waiting);
  };
  const signature = () => { const p = new URLSearchParams(place.get().params); for (const key of presentation) p.delete(key);
    return `${rangeText(range())} ${p}`; };
  const update = () => {
    const now = signature();
    if (now !== asked) { asked = now; editor.update(); read(); } else parts?.update();
  };
  update();
  const stop = refresh.subscribe(read);
  return { update, close() { stop(); parts?.stop(); load.stop(); bubbleLoad.stop(); traceLoad.stop(); },
    keys: [{ key: '⌘↵', says: 'Run the query', run: read }] };
}

/**
 * Where more groups are there than are told, the sums of all of them besides, by `whole`: the rest of a chart is that of everything.
 * @param {any} answer @param {import('../model/query.js').Query} query @param {{start: number, end: number}} time @param {AbortSignal} signal
 */
async function withWhole(answer, query, time, signal) {
  const sums = query.calculations.filter((c) => c.op === 'COUNT' || c.op === 'SUM');
  if (!answer.info.truncated || !query.breakdowns.length || query.havings.length || !sums.length || !answer.series) return answer;
  const all = await api.query(dataset(), specification({ ...query, calculations: sums, formulas: [], breakdowns: [], orders: [], compare: '' }, time), signal);
  return { ...answer, whole: all.series?.count === answer.series.count ? all.series.values[0] : undefined };
}

function waiting() { return h('div', { class: 'stack-4' }, h('div', { class: 'grid an' }, h('div', { class: 'panel' }, skeleton(1, true)),
  h('div', { class: 'panel' }, skeleton(6))), h('div', { class: 'panel' }, skeleton(6))); }

/** @param {any} info */
function infoText(info) {
  const sampled = info.mean_sample_rate > 1.005 ? `, each stands for ${digits(info.mean_sample_rate)} on average` : ', none sampled';
  return [`${plural(info.rows_matched, 'event')} of ${whole(info.rows_scanned)} read, ${digits(info.elapsed_ms)} ms${sampled}`,
    info.truncated && h('b', { class: 't-warn' }, '; cut at the limit'), info.unavailable_rows > 0 && h('b', { class: 't-warn' },
    `; ${whole(info.unavailable_rows)} could not be read`)];
}

/** @param {HTMLElement} body @param {any} answer @param {import('../model/query.js').Query} query @param {any} env */
function drawAnswer(body, answer, query, env) {
  const { shownAt, box, commit, bubbleLoad, traceLoad, known } = env;
  const vain = missingNote(answer.vain, query, commit);
  if (!answer.info.rows_matched) { const none = nothing(query); fill(body, vain, datasets.get().length ? h('div', { class: 'panel' }, none) : none);
    return { update() {}, stop() {} }; }
  const addFilter = (/** @type {Filter} */ f) => commit(narrowed(query, f));
  const tracesOf = (/** @type {Filter[]} */ filters, /** @type {Box | null} */ within = null) => link('/ui/traces',
    { f: filterTexts(query.filters), any: query.any ? '1' : null, and: filterTexts([...filters, ...boxFilters(within)]), cf: fieldTexts(query.fields),
    t: within ? `${within.start}..${within.end}` : rangeText(range()) });
  const heat = query.calculations.find((c) => c.op === 'HEATMAP' && answer.heatmaps?.[label(c)]), grouped = query.breakdowns.length > 0;
  const counts = query.calculations.some((c) => c.op === 'COUNT' && !c.name) ? totalsOf(answer) : null;
  let events = /** @type {number | null} */ (null), bubbled = '';
  const picked = parseFilters(place.get().params.getAll('sel')), pickedText = picked.map((f) => [f.column, f.op, ...(takesValue(f.op) ? [valueText(f.value)] : [])].join(' ')).join(', ');
  const errors = picked.length ? picked : [{ column: 'error', op: '=', value: true }];
  const words = picked.length ? { sub: `what ${pickedText} has in common`, key: pickedText, told: ` are ${pickedText}`, none: `No event is ${pickedText}.`, hint: 'Take a longer time.', column: picked[0].column } : null;
  const bubble = bubblePanel({ addFilter, clear: () => patch({ box: null }), traces: () => tracesOf(box() ? [] : errors, box()), words });
  const heatPanel = heat ? heatmapPanel({ map: answer.heatmaps[label(heat)], column: heat.column ?? '', counts, box,
    setBox: (b) => patch({ box: b ? boxText(b) : null }), openCell: (b) => go(tracesOf([], b)), events: () => events }) : null;
  const drawnAlone = query.calculations.filter((c) => c.op !== 'HEATMAP' && !(c.op === 'COUNT' && !c.name && heat && !grouped && !answer.compare));
  const lines = !answer.series ? [] : [...query.formulas.map((f, i) => linePanel(answer, { op: '', name: f.name }, i, f.expression)), ...drawnAlone.map((c, i) => linePanel(answer, c, query.formulas.length + i))];
  const askBubble = () => {
    const b = box(), key = boxKey(b);
    if (!heatPanel || key === bubbled) return;
    bubbled = key;
    events = null;
    if (!b && !picked.length && !known.has('error')) { bubble.draw({ selection: { events: 0 }, baseline: { events: 0 }, columns: [] }, null); return; }
    const spec = specification(query, shownAt), selection = b ? { box: b } : { filters: errors };
    bubbleLoad.run(bubble.body, (/** @type {AbortSignal} */ signal) => api.bubbleUp({ dataset: dataset(), selection, limit: bubbleColumns,
      query: { filters: spec.filters, filter_combination: spec.filter_combination, start_time: spec.start_time, end_time: spec.end_time, calculated_fields: query.fields } }, signal),
      (/** @type {any} */ found) => { events = b ? found.selection.events : null; bubble.draw(found, b); heatPanel.update(); }, () => skeleton(8));
  };
  const results = resultsPanel(answer, query, { addFilter, order: (name) => commit({ ...query, orders: turned(query, name) }),
    tracesOf: (filters) => tracesOf(filters), traceLoad, box, shownAt });
  fill(body, vain, heatPanel && h('div', { class: 'grid an' }, heatPanel.element, bubble.element),
    lines.length > 0 && h('div', { class: `grid lines ${lines.length === 1 ? 'one' : ''}` }, lines.map((l) => l.element)), results.element);
  const update = () => { heatPanel?.update(); askBubble(); results.update(); };
  update();
  return { update, stop() { heatPanel?.stop(); for (const l of lines) l.stop(); } };
}

const boxKey = (/** @type {Box | null} */ b) => (b ? boxText(b) : 'errors');

/** @param {Box | null} b @returns {Filter[]} the box's values as filters; its time goes into the range */
function boxFilters(b) { return b ? [{ column: b.column, op: '>=', value: b.min }, { column: b.column, op: '<', value: b.max }] : []; }

/** @param {any} answer @returns {number[]} COUNT of all groups, per step */
function totalsOf(answer) {
  if (answer.whole?.COUNT) return answer.whole.COUNT.map((/** @type {number | null} */ n) => n ?? 0);
  return Array.from({ length: answer.series?.count ?? 0 }, (_, i) => answer.series.values.reduce((/** @type {number} */ sum,
    /** @type {any} */ v) => sum + (v.COUNT?.[i] ?? 0), 0));
}

/** @param {any} answer @param {import('../model/query.js').Query} query @param {any} env */
function resultsPanel(answer, query, env) {
  const tabs = h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Results' }), panel = h('div', { role: 'tabpanel', 'aria-label': 'Results' });
  const groups = answer.data[0]?.length ?? 0;
  let drawn = '';
  const update = () => {
    const tab = place.get().params.get('tab') === 'traces' ? 'traces' : 'results', b = env.box(),
      key = tab === 'traces' ? `traces ${b ? boxText(b) : ''}` : tab;
    if (key === drawn) return;
    drawn = key;
    resultTabs(tabs, [['results', 'Results', groups || null], ['traces', b ? 'Traces in the box' : 'Traces', null]], tab,
      (next) => patch({ tab: next === 'results' ? null : next }, { replace: true }));
    if (tab === 'results') { env.traceLoad.stop(); fill(panel, resultsTable(answer, query, env)); return; }
    fill(panel);
    const filters = query.filters, and = boxFilters(b), when = b ? { start: b.start, end: b.end } : env.shownAt;
    env.traceLoad.run(panel, (/** @type {AbortSignal} */ signal) => api.traces({ dataset: dataset(), filters, any: query.any, and, fields: query.fields, order: 'slowest',
      limit: tracesShown, ...when }, signal), (/** @type {any} */ found) => {
      if (!found.traces.length) { fill(panel, empty('No trace behind these events.',
        ['Events without a trace id, as plain log lines, belong to none.'])); return; }
      fill(panel, h('p', { class: 'pad small dim' }, `${plural(found.traces.length, 'trace')}, slowest first. `,
        h('a', { href: link('/ui/traces', { f: filterTexts(filters), and: filterTexts(and), cf: fieldTexts(query.fields), order: 'slowest', any: query.any ? '1' : null,
        t: b ? `${b.start}..${b.end}` : rangeText(range()) }) }, 'Open the search')), traceTable(found.traces,
        Math.max(...found.traces.map((/** @type {any} */ t) => t.duration_ms))));
    }, () => skeleton(8));
  };
  return { element: h('section', { class: 'panel', 'aria-label': 'Results' }, tabs, panel), update };
}

/** @param {import('../model/query.js').Query} query */
function nothing(query) {
  if (!datasets.get().length) return teach('Nothing to explore yet.',
    ['Explore asks questions of every span, log line and metric point. Point a program here first:']);
  const last = query.filters[query.filters.length - 1];
  return empty('No event matches.', [query.filters.length ? ['In this time, no event meets ',
    query.any ? 'any of ' : query.filters.length > 1 ? 'all of ' : '', query.filters.map((f) => [h('span', { class: 'chip mono' },
    `${f.column} ${f.op} ${f.value === undefined ? '' : JSON.stringify(f.value)}`.slice(0, 120)), ' ']), '.'] : 'Nothing came in during this time.'],
    [last && h('button', { class: 'btn', type: 'button', onclick: () => patch(toURL({ ...query, filters: query.filters.slice(0, -1) })) },
      'Take the last filter away'), h('button', { class: 'btn ghost', type: 'button', onclick: () => patch({ t: '24h' }) }, 'Look in 24 h')]);
}
