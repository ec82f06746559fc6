// @ts-check
// The picked node or edge: figures, shares, its histogram of durations with a brush, its calls.
import { latency } from '../charts/latency.js';
import { drawn } from '../charts/svg.js';
import { duration, durationText, percent, rate } from '../model/format.js';
import { filterTexts } from '../model/query.js';
import { rangeText } from '../model/time.js';
import { clients, failsMuch, keyOf, shares } from '../model/service-graph.js';
import { badge, colourOf, figure, fill, h, service } from './dom.js';
import { link, patch, range } from './router.js';

const parts = [['ok', 'base'], ['error', 'warn'], ['throttle', 'throttle'], ['fault', 'err']];

/**
 * @param {HTMLElement} host is filled anew @param {import('../model/service-graph.js').Graph} graph @param {{node?: number, edge?: any} | null} picked
 * @param {number} seconds @param {[number, number] | null} ms
 * @returns {{stop: () => void}}
 */
export function mapPanel(host, graph, picked, seconds, ms) {
  if (!picked) { fill(host, overview(graph, seconds)); return { stop() {} }; }
  const node = picked.node !== undefined ? graph.nodes[picked.node] : null, part = node ?? picked.edge, picture = h('div', { class: 'map-hist' });
  const title = node ? identity(node) : h('span', { class: 'row wrap' }, picked.edge.source === null ? h('span', { class: 'b' }, 'clients') : identity(graph.nodes[picked.edge.source]),
    h('span', { class: 'faint' }, picked.edge.queued ? '⇢' : '→'), identity(graph.nodes[picked.edge.target]));
  const shareOf = shares(part), sees = node ? (node.inferred ? 'as its callers saw them' : `as seen by ${node.name}`) : picked.edge.queued ? 'as the taker saw them' : 'as the caller saw them';
  fill(host,
    h('div', { class: 'map-part' }, h('div', { class: 'row wrap' }, title, shareOf[3] > 0.0005 && h('span', { class: 'end' }, badge('err', `${percent(shareOf[3]).join(' ')} fault`))),
      node?.type && h('p', { class: 'small faint cut' }, node.type, node.inferred && ', inferred: it sent nothing itself'),
      h('dl', { class: 'map-three' }, [['Calls', rate(part.total / seconds)], ['P50', duration(part.p50_ms)], ['P95', duration(part.p95_ms)]].map(([name, value]) => h('div', {},
        h('dt', {}, name), h('dd', {}, figure(/** @type {any} */ (value)))))),
      h('div', { class: 'map-shares', 'aria-hidden': 'true' }, parts.map(([, colour], i) => shareOf[i] > 0 && h('i', { vars: { 'flex-grow': Math.max(shareOf[i], 0.008),
        background: `var(--${colour})` } }))),
      h('div', { class: 'row small dim map-words' }, parts.map(([name], i) => h('span', {}, `${name} `, figure(percent(shareOf[i]), i === 3 && shareOf[3] > 0 ? 't-err b' : 'b')))),
      node && h('div', { class: 'row wrap' },
        !node.inferred && h('a', { class: 'btn sm', href: link('/ui/explore', { f: filterTexts([{ column: 'service.name', op: '=', value: node.name }]) }) }, node.fault ? 'Why: BubbleUp' : 'Explore'),
        !node.inferred && h('a', { class: 'btn sm', href: link('/ui/traces', { service: node.name, error: node.fault ? '1' : null, order: node.fault ? null : 'slowest' }) }, node.fault ? 'Failed traces' : 'Slowest traces'),
        !node.inferred && h('a', { class: 'btn sm', href: link('/ui/errors', { project: node.name, t: rangeText(range()) }) }, 'Errors'),
        !node.inferred && h('a', { class: 'btn sm', href: link('/ui/logs', { g: node.name }) }, 'Logs'))),
    h('div', { class: 'map-part' }, h('h2', {}, 'Duration, calls ', sees), picture,
      h('p', { class: 'small faint row' }, ms ? h('span', {}, `${durationText(ms[0])} to ${durationText(ms[1])}`) : 'Drag on it to filter the traces.',
        ms && h('button', { class: 'btn sm end', type: 'button', onclick: () => patch({ ms: null }) }, 'All durations'))),
    picked.edge?.queued && picked.edge.ages?.length > 0 && h('div', { class: 'map-part small dim' }, `Messages waited ${ageWords(picked.edge.ages)}.`),
    (picked.edge?.aliases ?? []).length > 0 && h('div', { class: 'map-part small dim' }, 'Called as ', picked.edge.aliases.map((/** @type {any} */ a) => h('span', { class: 'chip mono' },
      a.name))),
    node && calls(graph, /** @type {number} */ (picked.node), seconds));
  const watch = drawn(picture, () => latency(picture, part.histogram, { picked: ms, label: `Durations: half of the calls take up to ${durationText(part.p50_ms)}`,
    pick: (range) => patch({ ms: range ? range.map((n) => Number(n.toPrecision(4))).join('-') : null }) }));
  return { stop: watch.stop };
}

/** @param {{name: string, inferred: boolean}} node */
function identity(node) { return node.inferred ? h('span', { class: 'b cut' }, node.name) : service(node.name, true); }

/** @param {[number, number][]} ages */
function ageWords(ages) {
  const total = ages.reduce((sum, [, n]) => sum + n, 0), mean = ages.reduce((sum, [ms, n]) => sum + ms * n, 0) / Math.max(1, total);
  return `${durationText(mean)} in the mean`;
}

/** Nothing is picked: the services that fail most, then the slowest. @param {import('../model/service-graph.js').Graph} graph @param {number} seconds */
function overview(graph, seconds) {
  const list = [...graph.nodes].filter((n) => n.total > 0).sort((a, b) => b.fault / b.total - a.fault / a.total || b.total - a.total).slice(0, 14);
  return [h('div', { class: 'map-part' }, h('h2', {}, 'Services'), h('p', { class: 'small faint' }, 'Pick a node or a line to see its calls.')),
    h('table', { class: 'tbl dense' }, h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Service'), h('th', { class: 'num', scope: 'col' }, 'Calls'),
      h('th', { class: 'num', scope: 'col' }, 'Fault'), h('th', { class: 'num', scope: 'col' }, 'P95'))),
    h('tbody', {}, list.map((n) => row(n, keyOf(n), n.inferred ? n.name : service(n.name), seconds))))];
}

/** @param {import('../model/service-graph.js').Graph} graph @param {number} index @param {number} seconds */
function calls(graph, index, seconds) {
  const own = graph.nodes.map(keyOf), edges = graph.edges.filter((e) => e.source === index || e.target === index);
  if (!edges.length) return null;
  return h('table', { class: 'tbl dense' }, h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Edge'), h('th', { class: 'num', scope: 'col' }, 'Calls'),
    h('th', { class: 'num', scope: 'col' }, 'Fault'), h('th', { class: 'num', scope: 'col' }, 'P95'))),
  h('tbody', {}, edges.map((e) => {
    const from = e.source === null ? clients : own[e.source], inbound = e.target === index;
    const other = inbound ? (e.source === null ? clients : graph.nodes[e.source].name) : graph.nodes[e.target].name;
    return row(e, `${from} > ${own[e.target]}`, `${inbound ? 'from' : 'to'} ${other}${e.queued ? ', queued' : ''}`, seconds);
  })));
}

/** @param {any} part @param {string} key @param {any} name @param {number} seconds */
function row(part, key, name, seconds) {
  const fault = part.total ? part.fault / part.total : 0;
  return h('tr', { class: 'go', onclick: () => patch({ pick: key, ms: null }) }, h('td', { class: 'map-cut' }, h('button', { class: 'map-link', type: 'button', 'data-row': true,
    vars: colourOf(part.name ?? '') }, name)), h('td', { class: 'num' }, figure(rate(part.total / seconds))),
  h('td', { class: `num ${failsMuch(part) ? 't-err b' : 'dim'}` }, figure(percent(fault))), h('td', { class: 'num' }, figure(duration(part.p95_ms))));
}
