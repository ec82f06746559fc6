// @ts-check
// The panels of a board: a question's pictures, an objective, a text.
import { drawCells, drawOverlay, heatFrame } from '../charts/heatmap.js';
import { lineChart } from '../charts/line.js';
import { sparkline } from '../charts/sparkline.js';
import { drawn, s } from '../charts/svg.js';
import { exploreQuery, questionOf } from '../model/boards.js';
import { columnUnit, durationTick, figure as asFigure, plural, short } from '../model/format.js';
import { label, toURL } from '../model/query.js';
import { knownTime, partialWords } from '../model/time.js';
import { health, percentText, targetText } from '../model/slos.js';
import * as api from '../wire/api.js';
import { slo } from '../wire/slos.js';
import { hoverable } from './chart-hover.js';
import { figure, fill, h, service } from './dom.js';
import { calculationUnit, earlierLines, groupColour, groupName } from './explore-lines.js';
import { resultsTable } from './explore-results.js';
import { markdown } from './markdown.js';
import { heatMarkerLayer, markerLayer } from './markers.js';
import { go, link, time, utc } from './router.js';
import { budgetBar } from './slos.js';
import { loader, skeleton } from './states.js';

const mostLines = 7;

/** What has more than its panel shows can be scrolled by keys. @param {HTMLElement} body */
function reachable(body) { if (body.scrollHeight > body.clientHeight + 1) body.tabIndex = 0; else body.removeAttribute('tabindex'); }

/** @param {string} text @returns {import('./board.js').Drawn} */
export function textPanel(text) {
  const element = h('section', { class: 'panel board-panel board-text' }, markdown(text));
  setTimeout(() => reachable(element));
  return { element, read() {}, stop() {} };
}

/** @param {string} id @returns {import('./board.js').Drawn} */
export function sloPanel(id) {
  const body = h('div', { class: 'pad board-body' }), title = h('h2', {}, 'SLO'), load = loader();
  const read = () => load.run(body, (signal) => slo(id, signal), (one) => {
    fill(title, h('a', { href: link(`/ui/slos/${id}`) }, one.slo.name));
    const kind = health(one.slo.budget_remaining), least = Math.min(0, ...one.burn_down.map((p) => p[1]));
    const line = sparkline(one.burn_down.map((p) => p[1] - least), { width: 300, height: 56, colour: kind === 'err' ? 'var(--err)' : kind === 'warn' ? 'var(--warn)' : 'var(--c1)', filled: true, room: 1.05 });
    line.setAttribute('preserveAspectRatio', 'none');
    fill(body, budgetBar(one.slo.budget_remaining, one.good + one.bad > 0), one.good + one.bad > 0 && h('div', { class: 'board-spark' }, line),
      h('div', { class: 'row wrap small dim' }, one.good + one.bad ? `${percentText(one.slo.compliance)} of ${targetText(one.slo.target_per_million)} over ${plural(one.slo.time_period_days, 'day')}` : `${targetText(one.slo.target_per_million)} promised`, one.slo.dataset_slugs.map((name) => service(name))));
    reachable(body);
  }, () => skeleton(3));
  read();
  return { element: h('section', { class: 'panel board-panel' }, h('header', {}, title, h('span', { class: 'sub' }, 'budget remaining')), body), read, stop: () => load.stop() };
}

/** @param {any} panel query_panel of Honeycomb's API @param {import('../wire/boards.js').SavedQuery | undefined} saved @param {() => any[]} filters @returns {import('./board.js').Drawn} */
export function queryPanel(panel, saved, filters) {
  const body = h('div', { class: 'board-body' }), load = loader(), note = h('span', { class: 'sub' });
  if (!saved) { fill(body, h('p', { class: 'pad faint' }, 'The question of this panel is gone.')); return { element: h('section', { class: 'panel board-panel' }, h('header', {}, h('h2', {}, 'Question')), body), read() {}, stop() {} }; }
  let stops = /** @type {(() => void)[]} */ ([]);
  const shown = exploreQuery(saved.query), open = h('a', { class: 'btn ghost sm end', href: '#' }, 'Explore');
  const clear = () => { for (const stop of stops) stop(); stops = []; };
  const read = () => {
    const { query, unfiltered } = questionOf(saved.query, time(), filters());
    open.setAttribute('href', link('/ui/explore', { ds: saved.dataset, ...toURL(exploreQuery(query)) }));
    fill(note, unfiltered ? 'not filtered: its own filters are alternatives' : saved.dataset === api.everything ? '' : service(saved.dataset));
    return load.run(body, (signal) => api.query(saved.dataset, query, signal, true), (answer) => { clear(); stops = draw(body, answer, shown, panel, open, saved.dataset); }, () => skeleton(3, true));
  };
  read();
  return { element: h('section', { class: 'panel board-panel' }, h('header', {}, h('h2', { class: 'cut', title: saved.description || null }, saved.name || (shown.formulas.length ? shown.formulas.map((f) => f.name) : shown.calculations.map(label)).join(', ')), note, open), body), read, stop() { load.stop(); clear(); } };
}

/** @param {HTMLElement} body @param {any} answer @param {import('../model/query.js').Query} query @param {any} panel @param {HTMLElement} open @param {string} dataset @returns {(() => void)[]} */
function draw(body, answer, query, panel, open, dataset) {
  const vain = (answer.missing ?? []).map((/** @type {any} */ one) => h('p', { class: 'pad small t-warn', role: 'status' }, 'No event has the column ', h('b', { class: 'mono' }, one.name), '.',
    one.near.length > 0 && ` Did you mean ${one.near.join(', ')}?`));
  if (!answer.info.rows_matched) { fill(body, vain.length ? vain : h('p', { class: 'pad faint' }, 'No event in this time.')); return []; }
  const settings = panel.visualization_settings ?? {}, shown = settings.hide_compare ? { ...answer, compare: undefined } : answer, of = (/** @type {number} */ i) => settings.charts?.find((/** @type {any} */ c) => c.chart_index === i) ?? {};
  const flagged = settings.hide_markers ? null : dataset;
  const results = query.formulas.length ? query.formulas.map((f) => ({ op: '', name: f.name })) : query.calculations;
  /** @type {{element: HTMLElement, stop: () => void}[]} */
  const charts = panel.query_style === 'table' && results.some((c) => c.op !== 'HEATMAP') ? [] : results.flatMap((/** @type {import('../model/query.js').Calculation} */ c, i) => { // a heatmap is a picture in any style
    const { chart_type: type } = of(i);
    if (c.op === 'HEATMAP') { const map = answer.heatmaps?.[label(c)]; return map ? [heat(map, c.column ?? '', flagged)] : []; }
    if (type === 'stat') return [stat(shown, c)];
    return shown.series ? [lines(shown, c, type, results.length > 1, flagged)] : [];
  });
  const isWorthless = vain.length > 0 && !answer.data.some((/** @type {any[]} */ values) => values.some((v) => v !== null));
  if (isWorthless) { for (const c of charts) c.stop(); fill(body, vain); return []; }
  const table = charts.length && (panel.query_style === 'graph' || results.every((c) => c.op === 'HEATMAP')) ? null : h('div', { class: 'board-table' }, resultsTable(shown, query, { addFilter: () => go(open.getAttribute('href') ?? ''), order: () => go(open.getAttribute('href') ?? ''), tracesOf: () => open.getAttribute('href') ?? '' }));
  fill(body, vain, charts.map((c) => c.element), table);
  reachable(body);
  return charts.map((c) => c.stop);
}

/** @param {any} answer @param {import('../model/query.js').Calculation} calculation */
function stat(answer, calculation) {
  const at = answer.columns.findIndex((/** @type {any} */ c) => c.name === label(calculation)), value = answer.total?.[label(calculation)] ?? answer.data[at]?.[0] ?? null;
  return { element: h('div', { class: 'board-stat' }, figure(asFigure(value, calculationUnit(calculation))), h('span', { class: 'small faint' }, label(calculation))), stop() {} };
}

/** @param {any} answer @param {import('../model/query.js').Calculation} calculation @param {string | undefined} type @param {boolean} named @param {string | null} dataset whose markers it shows */
function lines(answer, calculation, type, named, dataset) {
  const name = label(calculation), unit = calculationUnit(calculation), values = answer.series.values, steps = { startUs: answer.series.start_us, stepUs: answer.series.step_us, count: answer.series.count, ...knownTime(time(), Date.now() / 1000) }, partial = partialWords(steps);
  const series = values.slice(0, mostLines).map((/** @type {any} */ v) => ({ name: groupName(answer, v.row), colour: groupColour(answer, v.row), values: v[name] ?? [] }));
  const single = values.length <= 1, bars = type === 'stacked' || type === 'tsbar' || (type !== 'line' && single && (calculation.op === 'COUNT' || calculation.op === 'SUM'));
  const behind = earlierLines(answer, name, values.slice(0, mostLines).map((/** @type {any} */ v) => ({ row: v.row, colour: groupColour(answer, v.row) })));
  const inner = h('div', { class: 'chart-in' }), host = h('div', { class: 'chart board-chart' }, inner);
  /** @type {import('../charts/line.js').Frame | null} */
  let frame = null;
  const flags = dataset === null ? null : markerLayer(host, () => frame, dataset);
  const watch = drawn(host, () => { frame = lineChart(inner, steps, series.map((/** @type {any} */ l) => ({ ...l, dim: single && bars })), { bars, behind, format: unit === 'ms' ? durationTick : short, label: `${name} over time`, utc: utc.get() }); flags?.draw(); });
  const off = hoverable(host, () => frame, (i) => ({ rows: series.map((/** @type {any} */ l) => [single ? name : l.name.slice(0, 60), asFigure(l.values[i], unit).join(' ')]) }), { steps: () => steps });
  return { element: h('div', { class: 'board-graph' }, (named || !single || partial) && h('div', { class: 'row wrap small board-key' }, named && h('b', {}, name), !single && series.map((/** @type {any} */ l) => h('span', { class: 'key cut', vars: { '--c': l.colour } }, h('span', { class: 'cut' }, l.name))),
    values.length > mostLines && h('span', { class: 'faint' }, `${values.length - mostLines} more`), partial && h('span', { class: 'faint' }, partial)), host), stop() { watch.stop(); flags?.stop(); off(); } };
}

/** @param {import('../model/heatbox.js').Heatmap} map @param {string} column @param {string | null} dataset whose markers it shows */
function heat(map, column, dataset) {
  const canvas = h('canvas', { 'aria-hidden': 'true' }), svg = s('svg', { 'aria-hidden': 'true' }), host = h('div', { class: 'hm plain-hm', role: 'img', 'aria-label': `HEATMAP(${column}) over time` }, canvas, svg);
  let frame = /** @type {ReturnType<typeof heatFrame>} */ (null);
  const flags = dataset === null ? null : heatMarkerLayer(host, () => frame, dataset);
  const watch = drawn(host, () => {
    frame = heatFrame(map, host.clientWidth, host.clientHeight, map.scale !== 'linear');
    flags?.draw();
    if (!frame) return;
    drawCells(canvas, map, frame);
    drawOverlay(svg, frame, { rect: null, boxText: '', cursor: null, unit: columnUnit(column), utc: utc.get() });
  });
  return { element: h('div', { class: 'board-graph' }, host), stop() { watch.stop(); flags?.stop(); } };
}
