// @ts-check
// The map of services: a ring a node (shares of ok, error, throttle, fault from 12 o'clock), a line a call.
import { rate } from '../model/format.js';
import { clamp } from '../model/scales.js';
import { clients, failsMuch, keyOf, shares } from '../model/service-graph.js';
import { common, labelPlaces } from './map-labels.js';
import { s } from './svg.js';

/** @typedef {import('../model/service-graph.js').Graph} Graph */
/** @typedef {import('../model/service-graph.js').Spot} Spot */

const ringColours = ['var(--base)', 'var(--warn)', 'var(--throttle)', 'var(--err)'];
const crowd = 16; // of more services only lines that are red, or picked, have words

/**
 * @param {HTMLElement} host is filled anew @param {Graph} graph @param {Map<string, Spot>} spots
 * @param {{seconds: number, width: number, height: number, small: boolean, measure: 'health' | 'p95' | 'traffic', picked: string, touched: Set<string> | null,
 *   swatch: (node: import('../model/service-graph.js').Node) => string | null, figure: (part: any) => string, pick: (key: string) => void}} options
 *   seconds: length of the range, for rates; swatch: a colour, null for what is no service of ours
 */
export function serviceMap(host, graph, spots, options) {
  const { width, height, small } = options;
  const own = graph.nodes.map(keyOf), most = Math.max(1, ...graph.nodes.map((n) => n.total)), slowest = Math.max(1, ...graph.nodes.map((n) => n.p95_ms ?? 0));
  const size = (/** @type {number} */ total) => (small ? 0.72 : 1) * clamp(16 + 16 * Math.sqrt(total / most), 16, 32);
  const radius = new Map([[clients, small ? 14 : 18], ...graph.nodes.map((n, i) => /** @type {[string, number]} */ ([own[i], size(n.total)]))]);
  const busiest = Math.max(1, ...graph.edges.map((e) => e.total)), { taken, labels } = labelPlaces(graph.nodes.map((n, i) => ({ key: own[i], name: n.name, figure: options.figure(n), weight: n.total * (shares(n)[3] > 0.01 ? 1000 : 1) })), spots, radius, options);
  const view = { labels, ...options, crowded: graph.nodes.length > crowd, spots, radius, most, slowest, busiest, taken };
  const focused = host.querySelector(':focus')?.getAttribute('data-key');
  host.replaceChildren(s('svg', { viewBox: `0 0 ${width} ${height}`, width: '100%', height: '100%', preserveAspectRatio: 'xMidYMid meet', role: 'group',
    'aria-label': 'Services and the calls between them' },
  s('defs', {}, [['map-a', 'var(--edge)'], ['map-ae', 'var(--err)']].map(([id, fill]) => s('marker', { id, viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7,
    markerHeight: 7, orient: 'auto', markerUnits: 'userSpaceOnUse' }, s('path', { d: 'M0 0.8 7.5 4 0 7.2z', fill })))),
  graph.edges.map((e) => drawEdge(view, e, e.source === null ? clients : own[e.source], own[e.target])), spots.has(clients) && drawClients(view),
  graph.nodes.map((n, i) => drawNode(view, n, own[i]))));
  if (focused) /** @type {any} */ ([...host.querySelectorAll('[data-key]')].find((e) => e.getAttribute('data-key') === focused))?.focus();
}

/** @param {any} view @param {any} e @param {string} from @param {string} to */
function drawEdge(view, e, from, to) {
  const a = view.spots.get(from), b = view.spots.get(to), { small, picked, seconds } = view;
  if (!a || !b) return null;
  const id = `${from} > ${to}`, bad = failsMuch(e), wide = clamp(Math.sqrt(e.total / seconds) / 3, 1, 4.5);
  const [ra, rb] = [(view.radius.get(from) ?? 20) + 6, (view.radius.get(to) ?? 20) + 9], [dx, dy] = [b.x - a.x, b.y - a.y], long = Math.hypot(dx, dy);
  const faded = view.touched && !(view.touched.has(from) && view.touched.has(to));
  const line = from === to ? `M${a.x - 8} ${a.y - ra}C${a.x - 40} ${a.y - ra - 44} ${a.x + 40} ${a.y - ra - 44} ${a.x + 8} ${a.y - ra - 3}`
    : long < ra + rb + 4 ? '' : `M${a.x + dx * ra / long} ${a.y + dy * ra / long}L${b.x - dx * rb / long} ${b.y - dy * rb / long}`;
  if (!line) return null;
  const words = [e.total ? rate(e.total / seconds).join(' ') : '', bad ? `${(e.fault / e.total * 100).toFixed(1)} %` : ''].filter(Boolean).join(', ');
  const isRare = e.total * 40 < view.busiest, room = from !== to && !faded && !isRare && long - ra - rb > (small ? 90 : 70) && (bad || !(small || (view.crowded && !view.touched)));
  return s('g', { class: 'edge', 'data-edge': id, opacity: faded ? 0.25 : null },
    s('path', { d: line, fill: 'none', stroke: picked === id ? 'var(--accent)' : bad ? 'var(--err)' : 'var(--edge)', 'stroke-width': wide + (picked === id ? 1 : 0),
      opacity: picked === id || (bad && !isRare) ? 0.95 : isRare ? 0.3 : 0.55, 'stroke-dasharray': e.queued ? '3 4' : null, 'marker-end': `url(#${bad ? 'map-ae' : 'map-a'})` }),
    pressable(view, s('path', { d: line, class: 'hit', fill: 'none', stroke: 'transparent', 'stroke-width': 14 }), id,
      `${from} to ${to}${e.queued ? ', through a queue' : ''}, ${words}`),
    room && edgeWords(view, words, bad, (/** @type {number} */ t) => ({ x: a.x + dx * t, y: a.y + dy * t - 4 })));
}

/** The words of a line where along it they hide nothing; none where all places are taken: a click on the line tells them too.
 * @param {any} view @param {string} words @param {boolean} bad @param {(t: number) => Spot} along */
function edgeWords(view, words, bad, along) {
  const half = words.length * (view.small ? 2.5 : 2.9);
  for (const t of [0.42, 0.5, 0.34, 0.58, 0.66, 0.26]) {
    const { x, y } = along(t), box = { left: x - half, right: x + half, top: y - 10, bottom: y + 3 };
    if (view.taken.some((/** @type {import('./map-labels.js').Box} */ o) => common(o, box))) continue;
    view.taken.push(box);
    return s('text', { class: 'map-edge', x, y, 'text-anchor': 'middle', 'data-bad': bad ? '' : null }, words);
  }
  return null;
}

/** @param {any} view */
function drawClients(view) {
  const { x, y } = view.spots.get(clients), r = view.radius.get(clients) ?? 18;
  return s('g', { class: 'node plain', opacity: view.touched && !view.touched.has(clients) ? 0.35 : null },
    s('circle', { cx: x, cy: y, r: r + 7, fill: 'var(--panel)' }), s('circle', { cx: x, cy: y, r, fill: 'none', stroke: 'var(--base)', 'stroke-width': 5, opacity: 0.4 }),
    s('text', { class: 'map-sub', x, y: y + 4, 'text-anchor': 'middle' }, 'all'), s('text', { class: 'map-name', x, y: y + r + 20, 'text-anchor': 'middle' }, 'clients'));
}

/** @param {any} view @param {import('../model/service-graph.js').Node} n @param {string} key */
function drawNode(view, n, key) {
  const spot = view.spots.get(key);
  if (!spot) return null;
  const { x, y } = spot, r = view.radius.get(key) ?? 20, parts = shares(n), bad = parts[3] > 0.01, fill = view.swatch(n), heavy = view.small ? 3.6 : 5, { dx, dy, anchor, most, lines } = view.labels.get(key);
  const name = n.name.length > most ? `${n.name.slice(0, most / 2 - 1)}…${n.name.slice(1 - most / 2)}` : n.name;
  return pressable(view, s('g', { class: 'node', 'data-node': key, opacity: view.touched && !view.touched.has(key) ? 0.35 : null },
    s('title', {}, `${n.name}${n.type ? `, ${n.type}` : ''}`),
    s('circle', { class: 'foc', cx: x, cy: y, r: r + 7, fill: 'var(--panel)', stroke: view.picked === key ? 'var(--accent)' : 'transparent', 'stroke-width': 2.5 }),
    view.measure === 'health' ? rings(x, y, r, parts, n.inferred, heavy) : gauge(view, x, y, r, n, heavy),
    fill ? s('rect', { x: x - 6, y: y - 6, width: 12, height: 12, rx: 2.5, fill }) : s('text', { class: 'map-sub', x, y: y + 4, 'text-anchor': 'middle' },
      n.type?.startsWith('Database') || n.type?.includes('DynamoDB') ? 'db' : 'ext'),
    s('text', { class: `map-name ${lines < 1 ? 'at-rest' : ''}`, x: x + dx, y: y + dy, 'text-anchor': anchor }, name),
    s('text', { class: `map-sub ${lines < 2 ? 'at-rest' : ''}`, x: x + dx, y: y + dy + 14, 'text-anchor': anchor, 'data-bad': bad ? '' : null }, view.figure(n))),
  key, `${n.name}, ${view.figure(n)}, fault ${(parts[3] * 100).toFixed(1)} %${n.inferred ? ', inferred' : ''}`);
}

/** One arc: how much of the greatest this node has. @param {any} view @param {number} x @param {number} y @param {number} r @param {any} n @param {number} heavy */
function gauge(view, x, y, r, n, heavy) {
  const share = view.measure === 'p95' ? Math.sqrt((n.p95_ms ?? 0) / view.slowest) : Math.sqrt(n.total / view.most);
  return [s('circle', { cx: x, cy: y, r, fill: 'none', stroke: 'var(--line2)', 'stroke-width': heavy }),
    share > 0 && s('path', { d: arc(x, y, r, 0, Math.min(0.9999, share)), fill: 'none', stroke: 'var(--accent)', 'stroke-width': heavy })];
}

/** An edge is no stop of the tab key: the panel of each node lists its edges. @param {any} view @param {SVGElement} element @param {string} key @param {string} label */
function pressable(view, element, key, label) {
  for (const [name, value] of [['tabindex', key.includes(' > ') ? '-1' : '0'], ['role', 'button'], ['data-key', key], ['aria-label', label], ['aria-pressed', String(view.picked === key)]]) element.setAttribute(name,
    value);
  element.addEventListener('click', () => view.pick(key));
  element.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    view.pick(key);
  });
  return element;
}

/** @param {number} x @param {number} y @param {number} r @param {number[]} parts @param {boolean} inferred @param {number} heavy */
function rings(x, y, r, parts, inferred, heavy) {
  const whole = (/** @type {string} */ stroke) => s('circle', { cx: x, cy: y, r, fill: 'none', stroke, 'stroke-width': heavy, 'stroke-dasharray': inferred ? '5 3' : null });
  if (parts.every((v) => v === 0)) return whole('var(--line2)');
  let at = 0;
  return [inferred && whole('var(--base)'), parts.map((v, i) => {
    const from = at;
    at += v;
    if (v <= 0 || (inferred && i === 0)) return null;
    if (v > 0.9995) return whole(ringColours[i]);
    return s('path', { d: arc(x, y, r, from, Math.max(at, i ? from + 0.012 : at)), fill: 'none', stroke: ringColours[i], 'stroke-width': i > 1 ? heavy + 2 : heavy });
  })];
}

/** @param {number} x @param {number} y @param {number} r @param {number} from @param {number} to turns, clockwise from the top @returns {string} */
function arc(x, y, r, from, to) {
  const at = (/** @type {number} */ t) => `${(x + r * Math.sin(t * 2 * Math.PI)).toFixed(1)} ${(y - r * Math.cos(t * 2 * Math.PI)).toFixed(1)}`;
  return `M${at(from)}A${r} ${r} 0 ${to - from > 0.5 ? 1 : 0} 1 ${at(Math.min(to, from + 0.9999))}`;
}
