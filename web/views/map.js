// @ts-check
// The map: services and the calls between them, one of them in a panel, and the traces that a filter expression means.
import { serviceMap } from '../charts/service-map.js';
import { drawn, icon } from '../charts/svg.js';
import { durationText, plural, rate } from '../model/format.js';
import { services as palette } from '../model/palette.js';
import { clients, expression, keyOf, laneCount, layout, windowed } from '../model/service-graph.js';
import { rangeText } from '../model/time.js';
import * as api from '../wire/api.js';
import { datasets } from './catalog.js';
import { fill, h } from './dom.js';
import { mapInsights } from './map-insights.js';
import { mapPanel } from './map-panel.js';
import { mapScrub } from './map-scrub.js';
import { mapTraces } from './map-traces.js';
import { link, patch, place, range, refresh, store, stored, time } from './router.js';
import { empty, loader, skeleton } from './states.js';
import { teach } from './teach.js';

/** @typedef {'health' | 'p95' | 'traffic'} Measure */

const measures = /** @type {[Measure, string][]} */ ([['health', 'Health'], ['p95', 'P95'], ['traffic', 'Traffic']]);
const smallWidth = 720; // px
const spotsKey = 'cairn.map.spots', spotsMost = 400;

/** @returns {{filter: string, group: string, measure: Measure, pick: string, ms: [number, number] | null}} what the URL asks */
export function mapState(params = place.get().params) {
  const measure = /** @type {Measure} */ (params.get('by') ?? 'health'), ms = (params.get('ms') ?? '').split('-').map(Number);
  return { filter: params.get('x') ?? '', group: params.get('group') ?? '', measure: measures.some(([m]) => m === measure) ? measure : 'health',
    pick: params.get('pick') ?? '', ms: ms.length === 2 && ms.every((n) => Number.isFinite(n) && n >= 0) ? [ms[0], ms[1]] : null };
}

/** @param {HTMLElement} host @returns {import('../app.js').Page} */
export function mapPage(host) {
  const picture = h('div', { class: 'map-picture' }), side = h('section', { class: 'panel map-side', 'aria-label': 'Picked' });
  const body = h('div', { class: 'stack-4' }), list = h('section', { class: 'panel', 'aria-label': 'Traces', hidden: true }), load = loader(); // the list once it is known how far down it stands
  const head = mapHead();
  fill(host, h('h1', { class: 'sr' }, 'Service map'), head.element, body, list);
  let asked = '', whole = /** @type {any} */ (null), graph = /** @type {any} */ (null), seconds = 1, panel = /** @type {{stop: () => void} | null} */ (null);
  const traces = mapTraces(list), insights = mapInsights(), part = loader(), note = h('p', { class: 'note warn small map-cut-note', role: 'status' });
  const ask = (/** @type {{start: number, end: number}} */ window, /** @type {AbortSignal} */ signal, more = {}) => api.map({ ...window, filter: mapState().filter, group: mapState().group, ...more }, signal);
  const draw = () => { if (graph) drawMap(picture, whole, graph, seconds); };
  const watch = drawn(picture, draw);
  const show = (listed = true) => {
    head.update();
    if (!graph) return;
    const state = mapState(), found = pickedPart(graph, state.pick);
    panel?.stop();
    panel = mapPanel(side, graph, found, seconds, state.ms);
    watch.redraw();
    note.hidden = !graph.traces_cut;
    note.textContent = graph.traces_cut ? `More traces match than the ${graph.traces.toLocaleString('en')} newest that are drawn here. Narrow the time or the filter.` : '';
    if (listed) traces.read([state.filter, found ? expression(graph, found, state.ms) : ''].filter(Boolean).join(' AND '), state.group, scrub.window());
  };
  const scrub = mapScrub((window, playing) => {
    part.stop();
    const take = (/** @type {any} */ answer, /** @type {number} */ length) => { graph = answer; seconds = Math.max(1, length); show(!playing); };
    if (!window) { take(whole, span.end - span.start); return Promise.resolve(); }
    return part.run(picture, (signal) => ask(window, signal), (answer) => take(windowed(whole, answer), window.end - window.start));
  });
  let span = time();
  const read = () => load.run(body, (signal) => {
    span = time();
    seconds = Math.max(1, span.end - span.start);
    const answer = ask(span, signal, { series: true }).catch((error) => {
      list.hidden = true;
      if (error.field === 'filter') { head.wrong(error.message); delete error.field; }
      throw error;
    });
    return Promise.all([answer, insights.read(span, mapState().group)]); // insights stand above the picture, and would push it down
  }, ([answer]) => {
    part.stop();
    whole = graph = answer;
    head.wrong('');
    list.hidden = !answer.nodes.length;
    if (list.hidden) { whole = graph = null; panel?.stop(); fill(body, nothing()); return; }
    fill(body, h('div', { class: 'grid map-two' },
      h('section', { class: 'panel', 'aria-label': 'Graph' }, insights.element, note, picture, scrub.element, legend(answer.traces)), side));
    const kept = place.get().params.get('w');
    scrub.read(answer, kept ? Number(kept) : null);
    show();
    const window = scrub.window();
    if (window) part.run(picture, (signal) => ask(window, signal), (found) => { graph = windowed(whole, found); seconds = window.end - window.start; show(); });
  }, () => h('div', { class: 'panel' }, skeleton(1, true)));
  const update = () => {
    const state = mapState(), now = `${rangeText(range())} ${state.filter} ${state.group}`;
    if (now !== asked) { asked = now; head.update(); read(); } else show();
  };
  update();
  const stop = refresh.subscribe(read);
  return { update, close() { stop(); load.stop(); part.stop(); scrub.stop(); traces.stop(); insights.stop(); panel?.stop(); watch.stop(); },
    keys: measures.map(([m, name], i) => ({ key: String(i + 1), says: `Rings by ${name.toLowerCase()}`, run: () => patch({ by: m === 'health' ? null : m }) })) };
}

/** @param {HTMLElement} picture @param {any} whole the graph that decides the places @param {any} graph what is drawn @param {number} seconds of its time */
function drawMap(picture, whole, graph, seconds) {
  const state = mapState(), small = matchMedia(`(max-width: ${smallWidth}px)`).matches, width = small ? 390 : Math.max(700, picture.clientWidth || 960);
  // On a small screen the picture is as long as it must be.
  const tall = small ? Math.max(660, 88 * laneCount(whole, { width, height: 660, down: true }) + 40) : 0;
  picture.style.height = small ? `${tall - 20}px` : '';
  const box = { width, height: tall || Math.max(480, picture.clientHeight || 620), down: small };
  const spots = layout(whole, keptSpots(box), box);
  keepSpots(box, spots);
  serviceMap(picture, graph, spots, { ...box, small, seconds, measure: state.measure, picked: state.pick, touched: touched(graph, state.pick),
    swatch: (n) => (n.inferred ? null : `var(--c${palette.of(n.name)})`),
    figure: (n) => `${rate(n.total / seconds).join(' ')}${n.p95_ms == null ? '' : `, ${durationText(n.p95_ms)}`}`,
    pick: (key) => patch({ pick: key === mapState().pick ? null : key, ms: null }) });
}

function mapHead() {
  const input = h('input', { class: 'mono', placeholder: 'service("api") { fault }  annotation.user = "ada"', 'data-find': true, spellcheck: 'false',
    'aria-label': 'Filter expression', onkeydown: (/** @type {KeyboardEvent} */ e) => { if (e.key === 'Enter') patch({ x: input.value.trim(), pick: null, ms: null }); },
    onchange: () => patch({ x: input.value.trim(), pick: null, ms: null }) });
  const groups = h('select', { class: 'input', 'aria-label': 'Group', onchange: () => patch({ group: groups.value || null, pick: null, ms: null }) });
  const buttons = measures.map(([m, name]) => h('button', { class: 'btn', type: 'button', onclick: () => patch({ by: m === 'health' ? null : m }) }, name));
  const problem = h('p', { class: 'small t-err map-problem', role: 'alert' });
  const key = (/** @type {string} */ colour, /** @type {string} */ text) => h('span', { class: 'key', vars: { '--c': `var(--${colour})` } }, text);
  const fillGroups = (/** @type {{name: string}[]} */ all) => {
    fill(groups, h('option', { value: '' }, 'All traces'), all.filter((g) => g.name !== 'Default').map((g) => h('option', { value: g.name }, g.name)));
    groups.hidden = all.length < 2;
    groups.value = mapState().group;
  };
  groups.hidden = true;
  api.mapGroups().then((answer) => fillGroups(answer.groups), () => {});
  return {
    element: h('div', { class: 'head map-head' }, h('label', { class: 'input map-filter' }, icon('filter', 'i faint'), input, h('kbd', { class: 'hide-s' }, 'f')),
      h('span', { class: 'btns' }, buttons), groups, h('span', { class: 'row end small wrap' }, key('base', 'ok'), key('warn', 'error 4xx'), key('throttle', 'throttle 429'),
        key('err', 'fault 5xx')), problem),
    update() {
      const state = mapState();
      if (document.activeElement !== input) input.value = state.filter;
      groups.value = state.group;
      measures.forEach(([m], i) => buttons[i].setAttribute('aria-pressed', String(m === state.measure)));
    },
    /** Marks the place in the expression that a refusal names. @param {string} text */
    wrong(text) {
      const [, column] = /at column (\d+)/.exec(text) ?? [];
      input.setAttribute('aria-invalid', String(Boolean(text)));
      fill(problem, text && [h('span', { class: 'mono pre', 'aria-hidden': 'true' }, input.value.slice(0, Number(column) - 1), h('span', { class: 'x-wrong' }, input.value.slice(Number(column) - 1) || ' ')),
        h('span', {}, text.replace(/^Invalid filter expression at column \d+: /, ''))]);
    },
  };
}

/** @param {any} graph @param {string} key @returns {{node?: number, edge?: any} | null} */
function pickedPart(graph, key) {
  if (!key) return null;
  const own = graph.nodes.map(keyOf), node = own.indexOf(key);
  if (node >= 0) return { node };
  const edge = graph.edges.find((/** @type {any} */ e) => `${e.source === null ? clients : own[e.source]} > ${own[e.target]}` === key);
  return edge ? { edge } : null;
}

/** @param {any} graph @param {string} key @returns {Set<string> | null} what lies on the ways through the picked one; null without one */
function touched(graph, key) {
  const found = pickedPart(graph, key), own = graph.nodes.map(keyOf);
  if (!found) return null;
  const name = (/** @type {number | null} */ i) => (i === null ? clients : own[i]);
  const starts = found.node !== undefined ? [own[found.node], own[found.node]] : [name(found.edge.source), name(found.edge.target)];
  const reach = (/** @type {string} */ start, /** @type {boolean} */ up) => {
    const seen = new Set([start]), pending = [start];
    while (pending.length) {
      const next = pending.pop();
      for (const e of graph.edges) {
        const [a, b] = up ? [own[e.target], name(e.source)] : [name(e.source), own[e.target]];
        if (a === next && !seen.has(b)) { seen.add(b); pending.push(b); }
      }
    }
    return seen;
  };
  return new Set([...reach(starts[0], true), ...reach(starts[1], false)]);
}

/** Where nodes stood, by the size of the picture. @param {{width: number, height: number, down: boolean}} box @returns {Map<string, {x: number, y: number}>} */
function keptSpots(box) {
  try {
    const kept = JSON.parse(stored(spotsKey) ?? '{}')[sizeKey(box)] ?? [];
    return new Map(kept.filter((/** @type {any} */ e) => Array.isArray(e) && Number.isFinite(e[1]) && Number.isFinite(e[2])).map((/** @type {any} */ e) => [String(e[0]),
      { x: e[1], y: e[2] }]));
  } catch { return new Map(); }
}

/** @param {{width: number, height: number, down: boolean}} box @param {Map<string, {x: number, y: number}>} spots */
function keepSpots(box, spots) {
  const all = new Map([...keptSpots(box), ...spots]);
  const entries = [...all].slice(-spotsMost).map(([key, spot]) => [key, Math.round(spot.x), Math.round(spot.y)]);
  store(spotsKey, JSON.stringify({ [sizeKey(box)]: entries }));
}

/** @param {{width: number, height: number, down: boolean}} box */
function sizeKey(box) { return `${Math.round(box.width / 40)}x${Math.round(box.height / 40)}${box.down ? 'd' : ''}`; }

function nothing() {
  const state = mapState();
  if (state.filter || state.group) return h('div', { class: 'panel' }, empty('No trace matches.', ['The map shows the services of the traces that the filter means. Take the filter away, or look over a longer time.'],
    [h('button', { class: 'btn', type: 'button', onclick: () => patch({ x: null, group: null }) }, 'Take the filter away'),
      h('button', { class: 'btn ghost', type: 'button', onclick: () => patch({ t: '24h' }) }, 'Look in 24 h')]));
  if (!datasets.get().length) return teach('No service has sent anything yet.',
    ['The map shows who calls whom. A service appears here with its first span or X-Ray segment. Set this in its environment and start it again:']);
  return h('div', { class: 'panel' }, empty('No trace in this time.', ['The map shows who calls whom. A service appears here with its first span or X-Ray segment.'],
    [h('a', { class: 'btn pri', href: link('/ui/send') }, 'Send data'), h('button', { class: 'btn ghost', type: 'button', onclick: () => patch({ t: '7d' }) }, 'Look in 7 d')]));
}

/** What the drawing's signs mean. @param {number} traceCount */
function legend(traceCount) {
  return h('p', { class: 'map-legend small faint' },
    `${plural(traceCount, 'trace')}. Ring: share of calls. Line: calls per second. Dashed: inferred, sent nothing itself; dotted line: through a queue.`);
}
