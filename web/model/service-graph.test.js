// @ts-check
import { clients, depths, expression, faultSteps, keyOf, layout, logCells, shares, windowed } from './service-graph.js';
import { equal, test } from './testing.js';

const part = { ok: 8, error: 1, throttle: 0, fault: 1, total: 10, p50_ms: 1, p95_ms: 2, histogram: /** @type {[number, number][]} */ ([]) };
const node = (/** @type {string} */ name, type = /** @type {string | null} */ (null)) => ({ ...part, name, type, inferred: false, root: false });
const edge = (/** @type {number | null} */ source, /** @type {number} */ target) => ({ ...part, source, target, queued: false });
const graph = { nodes: [node('api'), node('db', 'Database::SQL'), node('web')], edges: [edge(null, 2), edge(2, 0), { ...edge(0, 1), total: 90 }, edge(2, 1), edge(1, 1), edge(0, 2)] };

test('a node stands behind whom it is called by most, and circles end', () => {
  const found = depths(graph);
  equal([clients, 'web', 'api', 'db (Database::SQL)'].map((key) => found.get(key)), [0, 1, 2, 3]);
  equal(depths({ nodes: [], edges: [] }).size, 0);
});

test('known nodes stay where they were', () => {
  const box = { width: 900, height: 600, down: false }, first = layout(graph, new Map(), box);
  const more = { nodes: [...graph.nodes, node('new')], edges: [...graph.edges, edge(2, 3)] }, second = layout(more, first, box);
  equal(graph.nodes.map((n) => second.get(keyOf(n))), graph.nodes.map((n) => first.get(keyOf(n))));
  equal(second.has('new'), true);
});

test('faults of all services by step, those without calls too', () => {
  const series = { nodes: [{ ...node('a'), series: /** @type {any} */ ([[120e6, 4, 0, 1], [240e6, 2, 0, 0]]) }, { ...node('b'), series: /** @type {any} */ ([[120e6, 6, 0, 2]]) }],
    edges: [], start_us: 130e6, end_us: 290e6, step_us: 60e6 };
  equal(faultSteps(series), [{ start: 120, total: 10, fault: 3 }, { start: 180, total: 0, fault: 0 }, { start: 240, total: 2, fault: 0 }]);
  equal(faultSteps({ ...series, step_us: undefined }), []);
});

test('a window has the nodes and edges of the whole, and what is new', () => {
  const part = { nodes: [{ ...node('api'), total: 3 }, node('late')], edges: [{ ...edge(0, 1), total: 2 }, { ...edge(null, 0), total: 1 }] };
  const found = windowed(graph, part);
  equal(found.nodes.map((n) => [keyOf(n), n.total]), [['api', 3], ['db (Database::SQL)', 0], ['web', 0], ['late', 10]]);
  equal(found.edges.length, graph.edges.length + 2);
  equal(found.edges.slice(-2).map((e) => [e.source, e.target, e.total]), [[0, 3, 2], [null, 0, 1]]);
  equal(found.edges.slice(0, 2).map((e) => [e.source, e.target, e.total]), [[null, 2, 0], [2, 0, 0]]);
});

test('a part of the map is a filter expression', () => {
  equal(expression(graph, { node: 1 }, null), 'service(id(name: "db", type: "Database::SQL"))');
  equal(expression(graph, { edge: graph.edges[0] }, [10, 250]),
    'edge(id(type: "client"), "web") { responsetime >= 0.01 AND responsetime <= 0.25 }');
  equal(expression({ nodes: [node('a"b\\')], edges: [] }, { node: 0 }, null), 'service("a\\"b\\\\")');
});

test('histograms have cells of equal width on a logarithmic axis', () => {
  const found = logCells([[1, 5], [10, 2], [100, 1]], 20);
  equal(found?.counts.reduce((a, b) => a + b, 0), 8);
  equal(logCells([], 20), null);
  equal(shares(part), [0.8, 0.1, 0, 0.1]);
});
