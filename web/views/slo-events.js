// @ts-check
// The events that count within the time above: a heatmap with the bad ones in red, and what the bad ones have in common.
import { drawBadCells } from '../charts/budget.js';
import { drawCells, drawOverlay, heatFrame } from '../charts/heatmap.js';
import { drawn, fit, s } from '../charts/svg.js';
import { columnUnit, plural, whole } from '../model/format.js';
import { narrowed } from '../model/query.js';
import { badShares } from '../model/slos.js';
import * as api from '../wire/api.js';
import { columns } from './catalog.js';
import { fill, h } from './dom.js';
import { bubblePanel } from './explore-bubbleup.js';
import { select } from './forms.js';
import { go, link, time, utc } from './router.js';
import { exploreLink } from './slo.js';
import { empty, loader, skeleton } from './states.js';

const columnsCompared = 60;

/** @param {import('../wire/slos.js').Detail} detail @returns {{element: HTMLElement, read: () => void, stop: () => void}} */
export function eventsPanels(detail) {
  const sli = detail.slo.sli.alias, bad = { column: sli, op: '=', value: false }, counting = { column: sli, op: 'exists' };
  const dataset = detail.datasets.length === 1 ? detail.datasets[0] : api.everything, load = loader(), bubbleLoad = loader();
  const among = detail.datasets.length > 1 ? [{ column: 'dataset', op: 'in', value: detail.datasets }] : [];
  // What the formula looks at differs by definition.
  const used = new Set([...detail.expression.matchAll(/\$(?:"([^"]+)"|`([^`]+)`|([\p{L}\p{N}_./:=+?-]+))/gu)].map((m) => m[1] ?? m[2] ?? m[3]));
  let field = 'duration_ms', stopDrawing = () => {};
  const body = h('div', { class: 'pad' }), fields = h('span', {}), key = h('span', { class: 'row end wrap' }, fields, h('span', { class: 'key', vars: { '--c': 'var(--h6)' } }, 'all'), h('span', { class: 'key', vars: { '--c': 'var(--err)' } }, 'bad'));
  const query = { calculations: [{ op: 'COUNT' }], filters: [...among, counting], any: false, breakdowns: [], orders: [], limit: 100, havings: [], granularity: 0 };
  const bubble = bubblePanel({ addFilter: (f) => go(exploreLink(detail, { f: narrowed(query, f).filters.map((one) => JSON.stringify('value' in one ? [one.column, one.op, one.value] : [one.column, one.op])) })), clear() {},
    traces: () => link('/ui/traces', { ds: dataset, f: JSON.stringify([sli, '=', false]) }), words: { sub: 'what the bad events have in common', key: 'bad', told: ' are bad', none: 'No event was bad in this time.', hint: 'Take a longer time above, or be glad.', column: sli } });
  const element = h('div', { class: 'grid an' }, h('section', { class: 'panel heat', 'aria-labelledby': 'slo-events' }, h('header', {}, h('h2', { id: 'slo-events' }, 'Events that count'), h('span', { class: 'sub' }, 'in the time above'), key), body), bubble.element);
  const choose = async () => {
    const known = (await columns(dataset).catch(() => [])).filter((c) => c.type === 'float' || c.type === 'integer').map((c) => c.name).sort();
    if (known.length && !known.includes(field)) [field] = known;
    fill(fields, known.length > 1 && select('value', Object.fromEntries(known.map((name) => [name, name])), field, (next) => { field = next; read(); }));
  };
  const read = () => {
    const at = time(), base = { start_time: Math.floor(at.start), end_time: Math.ceil(at.end), filter_combination: 'AND' };
    const ask = (/** @type {any[]} */ filters, /** @type {AbortSignal} */ signal) => api.query(dataset, { ...base, calculations: [{ op: 'HEATMAP', column: field }, { op: 'COUNT' }], filters: [...among, ...filters] }, signal);
    load.run(body, async (signal) => { await choose(); return Promise.all([ask([counting], signal), ask([bad], signal)]); }, ([all, some]) => { stopDrawing(); stopDrawing = draw(body, all, some, field); }, () => skeleton(1, true));
    bubbleLoad.run(bubble.body, (signal) => api.bubbleUp({ dataset, selection: { filters: [bad] }, limit: columnsCompared, query: { ...base, filters: [...among, counting] } }, signal), (found) => bubble.draw({ ...found, columns: found.columns.filter((/** @type {{name: string}} */ c) => !used.has(c.name)) }, null), () => skeleton(6));
  };
  read();
  return { element, read, stop() { load.stop(); bubbleLoad.stop(); stopDrawing(); } };
}

/** @param {HTMLElement} body @param {any} all @param {any} some @param {string} field @returns {() => void} */
function draw(body, all, some, field) {
  const map = all.heatmaps?.[`HEATMAP(${field})`], badMap = some.heatmaps?.[`HEATMAP(${field})`], matched = all.info.rows_matched;
  if (!matched || !map?.counts.length) { fill(body, empty('No event counted in this time.', ['Take a longer time above.'])); return () => {}; }
  const shares = badMap?.counts.length ? badShares(map, badMap) : null, canvas = h('canvas', { 'aria-hidden': 'true' }), over = h('canvas', { 'aria-hidden': 'true' }), svg = s('svg', { 'aria-hidden': 'true' });
  const host = h('div', { class: 'hm plain-hm', role: 'img', 'aria-label': `${field} of ${plural(matched, 'event')} over time, ${whole(some.info.rows_matched)} of them bad` }, canvas, over, svg);
  fill(body, host);
  const watch = drawn(host, () => {
    const frame = heatFrame(map, host.clientWidth, host.clientHeight, map.scale !== 'linear');
    if (!frame) return;
    drawCells(canvas, map, frame);
    const fitted = fit(over);
    if (fitted && shares) drawBadCells(fitted.pen, map, shares, frame);
    drawOverlay(svg, frame, { rect: null, boxText: '', cursor: null, unit: columnUnit(field), utc: utc.get() });
  });
  return () => watch.stop();
}
