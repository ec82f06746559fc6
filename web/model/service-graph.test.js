// @ts-check
import { clients, depths, expression, keyOf, layout, logCells, shares } from './service-graph.js';
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
