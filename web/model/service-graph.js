// @ts-check
// The map's graph: who stands where, and the words for its parts. Pure arithmetic.

/** @typedef {{name: string, type: string | null, inferred: boolean, root: boolean, ok: number, error: number, throttle: number, fault: number, total: number,
 *   p50_ms: number | null, p95_ms: number | null, histogram: [number, number][], series?: [number, number, number, number][]}} Node */
/** @typedef {{source: number | null, target: number, queued: boolean, ok: number, error: number, throttle: number, fault: number, total: number,
 *   p50_ms: number | null, p95_ms: number | null, histogram: [number, number][], series?: [number, number, number, number][]}} Edge */
/** @typedef {{nodes: Node[], edges: Edge[]}} Graph */
/** @typedef {{x: number, y: number}} Spot */

const faultShare = 0.005; // a part is red from here on

/** @param {{total: number, fault: number}} part of the map @returns {boolean} whether so many of its calls fail that it is shown red */
export function failsMuch(part) { return part.total > 0 && part.fault / part.total > faultShare; }

/** The key of the clients outside, from whom traces begin. */
export const clients = 'client';

/** @param {{name: string, type: string | null}} node @returns {string} what a node is known by, in the URL and in the kept places */
export function keyOf(node) { return node.type ? `${node.name} (${node.type})` : node.name; }

/** @param {Graph} graph @returns {string[]} the keys of both ends of an edge are in the order of nodes, the clients at the end where there are some */
export function keys(graph) {
  const own = graph.nodes.map(keyOf);
  return graph.edges.some((e) => e.source === null) ? [...own, clients] : own;
}

/**
 * How many steps from the outside each node is, along the calls that are most frequent: a rare call backwards moves nobody.
 * @param {Graph} graph @returns {Map<string, number>}
 */
export function depths(graph) {
  const own = graph.nodes.map(keyOf), depth = new Map();
  const calls = graph.edges.map((e) => ({ from: e.source === null ? clients : own[e.source], to: own[e.target], total: e.total })).filter((c) => c.from !== c.to)
    .sort((a, b) => b.total - a.total);
  if (calls.some((c) => c.from === clients)) depth.set(clients, 0);
  const grow = () => {
    for (let next = calls.find((c) => depth.has(c.from) && !depth.has(c.to)); next; next = calls.find((c) => depth.has(c.from) && !depth.has(c.to))) {
      depth.set(next.to, depth.get(next.from) + 1);
    }
  };
  grow();
  const called = new Set(calls.map((c) => c.to));
  for (const key of [...own.filter((k) => !called.has(k)), ...own]) if (!depth.has(key)) { depth.set(key, 1); grow(); }
  return depth;
}

/** @param {number} count the nodes of a column @param {{width: number, height: number, down: boolean}} box @returns {number} how many lanes they need side by side */
function lanesOf(count, { width, height, down }) { return Math.max(1, Math.ceil(count / Math.max(2, Math.floor(down ? width / 110 : height / 96)))); }

/** @param {Graph} graph @param {{width: number, height: number, down: boolean}} box @returns {number} how many lanes the whole picture has */
export function laneCount(graph, box) {
  const depth = depths(graph), counts = /** @type {number[]} */ ([]);
  for (const key of keys(graph)) counts[depth.get(key) ?? 0] = (counts[depth.get(key) ?? 0] ?? 0) + 1;
  return counts.filter(Boolean).reduce((sum, n) => sum + lanesOf(n, box), 0);
}

/**
 * Places in units of the picture: columns by depth, in a column near to whom they are called by. Known places stay; a new node takes a free
 * one of its column.
 * @param {Graph} graph @param {Map<string, Spot>} kept by key, of this very size @param {{width: number, height: number, down: boolean}} box
 * @returns {Map<string, Spot>}
 */
export function layout(graph, kept, { width, height, down }) {
  const depth = depths(graph), columns = /** @type {string[][]} */ ([]), spots = new Map();
  for (const key of keys(graph)) (columns[depth.get(key) ?? 0] ??= []).push(key);
  const filled = columns.filter(Boolean), along = (down ? height : width), across = (down ? width : height);
  const order = new Map(), own = graph.nodes.map(keyOf);
  // A crowded column becomes several side by side: neighbours stand in different ones.
  const lanes = filled.map((column) => lanesOf(column.length, { width, height, down })), count = lanes.reduce((a, b) => a + b, 0);
  let lane = 0;
  filled.forEach((column, c) => {
    const weight = new Map(column.map((key) => {
      const above = graph.edges.filter((e) => own[e.target] === key).map((e) => order.get(e.source === null ? clients : own[e.source])).filter((n) => n !== undefined);
      return [key, above.length ? above.reduce((a, b) => a + b, 0) / above.length : 0.5];
    }));
    column.sort((a, b) => /** @type {number} */ (weight.get(a)) - /** @type {number} */ (weight.get(b)) || a.localeCompare(b));
    column.forEach((key, i) => order.set(key, (i + 0.5) / column.length));
    // Neighbours in one lane stand a little apart along the way, so that long names do not meet.
    column.forEach((key, i) => {
      const a = count === 1 ? along / 2 : 60 + (lane + i % lanes[c]) * (along - (down ? 130 : 150)) / (count - 1), shift = lanes[c] === 1 && column.length > 3 ? (i % 2 ? 18 : -18) : 0;
      const b = down ? Math.min(across - 50, Math.max(50, across * (i + 0.5) / column.length)) : 10 + (across - 60) * (i + 0.5) / column.length;
      spots.set(key, down ? { x: b, y: a + shift } : { x: a + shift, y: b });
    });
    lane += lanes[c];
  });
  const taken = [...kept].filter(([key]) => spots.has(key)).map(([, spot]) => spot);
  for (const [key, spot] of spots) {
    const old = kept.get(key);
    if (old) { spots.set(key, old); continue; }
    let tries = 0;
    while (tries < 12 && taken.some((t) => Math.hypot(t.x - spot.x, t.y - spot.y) < 56)) {
      const step = (tries % 2 ? -1 : 1) * 34 * Math.ceil((tries + 1) / 2);
      if (down) spot.x = Math.min(width - 30, Math.max(30, spot.x + step)); else spot.y = Math.min(height - 40, Math.max(30, spot.y + step));
      tries += 1;
    }
    taken.push(spot);
  }
  return spots;
}

/**
 * Calls and faults of all services by step of time, steps without calls among them.
 * @param {Graph & {start_us: number, end_us: number, step_us?: number}} graph @returns {{start: number, total: number, fault: number}[]} start in Unix seconds
 */
export function faultSteps({ nodes, start_us: from, end_us: to, step_us: step }) {
  if (!step) return [];
  const first = Math.floor(from / step), steps = Array.from({ length: Math.min(2000, Math.ceil(to / step) - first) }, (_, i) => ({ start: (first + i) * step / 1e6,
    total: 0, fault: 0 }));
  for (const [start, total, , fault] of nodes.flatMap((n) => n.series ?? [])) {
    const at = steps[Math.round(start / step) - first];
    if (at) { at.total += total; at.fault += fault; }
  }
  return steps;
}

/** @param {number} count the steps of the range @returns {number} the steps of a window over it */
export function windowSteps(count) { return Math.max(1, Math.round(count / 12)); }

/**
 * The graph of a window with the nodes and edges of the whole range, so that nothing moves; what had no calls has zeros.
 * @param {Graph} all @param {Graph} part @returns {Graph}
 */
export function windowed(all, part) {
  const none = { ok: 0, error: 0, throttle: 0, fault: 0, total: 0, p50_ms: null, p95_ms: null, histogram: [], series: undefined };
  const whole = all.nodes.map(keyOf), own = part.nodes.map(keyOf), place = new Map(whole.map((key, i) => [key, i]));
  const id = (/** @type {Edge} */ e, /** @type {string[]} */ names) => `${e.source === null ? clients : names[e.source]} > ${names[e.target]}${e.queued ? ' queued' : ''}`;
  const nodes = new Map(part.nodes.map((n) => [keyOf(n), n])), edges = new Map(part.edges.map((e) => [id(e, own), e]));
  const at = (/** @type {number} */ i) => /** @type {number} */ (place.get(own[i]) ?? whole.length + fresh.indexOf(own[i])), fresh = own.filter((key) => !place.has(key));
  const known = new Set(all.edges.map((e) => id(e, whole)));
  return { ...part, nodes: [...all.nodes.map((n) => nodes.get(keyOf(n)) ?? { ...n, ...none }), ...part.nodes.filter((n) => !place.has(keyOf(n)))],
    edges: [...all.edges.map((e) => ({ ...(edges.get(id(e, whole)) ?? { ...e, ...none }), source: e.source, target: e.target })),
      ...part.edges.filter((e) => !known.has(id(e, own))).map((e) => ({ ...e, source: e.source === null ? null : at(e.source), target: at(e.target) }))] };
}

/** @param {{total: number, ok: number, error: number, throttle: number, fault: number}} part @returns {number[]} shares of ok, error, throttle, fault */
export function shares(part) {
  const sum = part.total || 1;
  return [part.ok / sum, part.error / sum, part.throttle / sum, part.fault / sum];
}

/** @param {string} text @returns {string} as a text in a filter expression */
export function quoted(text) { return `"${text.replace(/[\\"]/g, (c) => `\\${c}`)}"`; }

/** @param {{name: string, type: string | null}} node @returns {string} a selector of X-Ray's filter language */
export function selector(node) { return node.type ? `id(name: ${quoted(node.name)}, type: ${quoted(node.type)})` : quoted(node.name); }

/**
 * The filter that means a node or an edge, and calls of a length.
 * @param {Graph} graph @param {{node?: number, edge?: Edge}} pick @param {[number, number] | null} ms
 * @returns {string}
 */
export function expression(graph, { node, edge }, ms) {
  const inner = ms ? ` { responsetime >= ${Number((ms[0] / 1000).toPrecision(6))} AND responsetime <= ${Number((ms[1] / 1000).toPrecision(6))} }` : '';
  if (node !== undefined) return `service(${selector(graph.nodes[node])})${inner}`;
  if (!edge) return '';
  const from = edge.source === null ? 'id(type: "client")' : selector(graph.nodes[edge.source]);
  return `edge(${from}, ${selector(graph.nodes[edge.target])})${inner}`;
}

/**
 * Counts in cells of equal width on a logarithmic axis.
 * @param {[number, number][]} histogram pairs of ms and count @param {number} cells
 * @returns {{low: number, high: number, counts: number[]} | null} null where there is nothing
 */
export function logCells(histogram, cells) {
  const some = histogram.filter(([, n]) => n > 0).map(([ms, n]) => [Math.max(ms, 0.001), n]);
  if (!some.length) return null;
  const from = some[0][0] * 0.8, to = Math.max(some[some.length - 1][0] * 1.25, from * 4), counts = Array.from({ length: cells }, () => 0);
  const wide = Math.log(to / from) / cells;
  for (const [ms, n] of some) counts[Math.min(cells - 1, Math.max(0, Math.floor(Math.log(ms / from) / wide)))] += n;
  return { low: from, high: to, counts };
}
