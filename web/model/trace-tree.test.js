// @ts-check
import { build, criticalPath, depthFirst, end, serviceShares, visibleRows } from './trace-tree.js';
import { equal, seeded, test, truth } from './testing.js';

/** @param {string} id @param {string | null} parent @param {number} from @param {number} length @param {object} [more] @returns {any} */
const span = (id, parent, from, length, more = {}) => ({ id, parent, dataset: 'd', service: 's', name: id, kind: 'server', offset_ns: from,
  duration_ns: length, error: false, status_message: null, sample_rate: 1, ...more });
const names = (/** @type {any[]} */ rows) => rows.map((r) => r.span.id).join('');

test('children follow parents in order', () => { const { roots, nodes } = build([span('a', null, 0, 10), span('b', 'a', 1, 3), span('c', 'b', 1, 1),
  span('d', 'a', 5, 2)]); equal(names(depthFirst(roots)), 'abcd'); equal(nodes.get('c')?.depth, 2); equal(nodes.get('a')?.size, 4); });
test('a missing parent makes a root that says so', () => { const t = build([span('a', null, 0, 10), span('x', 'gone', 2, 2)]);
  equal([t.roots.length, t.orphans, t.nodes.get('x')?.orphan], [2, 1, true]); });
test('a circle ends', () => { const t = build([span('a', 'b', 0, 1), span('b', 'a', 0, 1), span('c', 'c', 0, 1)]);
  equal(depthFirst(t.roots).length, 3); });
test('the same id twice is shown twice', () => equal(depthFirst(build([span('a', null, 0, 1), span('a', null, 0, 1)]).roots).length, 2));
test('a child outside its parent is counted', () => { const t = build([span('a', null, 5, 10), span('b', 'a', 1, 2), span('c', 'a', 6, 2),
  span('d', 'a', 6, 50)]); equal(t.outside, 2); });
test('a child of a span without an end is not outside, one that begins before it is', () => {
  for (const more of [{ no_end: true }, { in_progress: true }]) {
    const t = build([span('a', null, 5, 0, more), span('b', 'a', 6, 20), span('c', 'a', 1, 20)]);
    equal([t.outside, t.endless, t.nodes.get('c')?.outside], [1, more.no_end ? 1 : 0, true]);
  }
});
test('self time is what no child covers', () => { const t = build([span('a', null, 0, 100), span('b', 'a', 10, 20), span('c', 'a', 20, 20),
  span('d', 'a', 90, 40)]); equal(t.nodes.get('a')?.selfNs, 100 - 30 - 10); });
test('folds hide what is below', () => { const t = build([span('a', null, 0, 9), span('b', 'a', 0, 2), span('c', 'b', 0, 1), span('d', 'a', 3, 1)]);
  equal(names(visibleRows(t.roots, new Set(['b']))), 'abd'); });
test('errors only keeps the way to them', () => { const t = build([span('a', null, 0, 9), span('b', 'a', 0, 2), span('c', 'b', 0, 1, { error: true }),
  span('d', 'a', 3, 1)]); equal(names(visibleRows(t.roots, new Set(['b']), { errorsOnly: true })), 'abc'); });
test('find keeps matches and their parents', () => { const t = build([span('a', null, 0, 9), span('b', 'a', 0, 2, { name: 'SELECT x' }),
  span('d', 'a', 3, 1)]); equal(names(visibleRows(t.roots, new Set(), { find: 'select' })), 'ab'); });
test('the critical path covers the root exactly once', () => {
  const next = seeded(11);
  for (let round = 0; round < 50; round += 1) {
    const spans = [span('0', null, 0, 1000)];
    for (let i = 1; i < 60; i += 1) { const up = spans[Math.floor(next() * i)], from = up.offset_ns + Math.floor(next() * up.duration_ns);
      spans.push(span(String(i), up.id, from, Math.floor(next() * (end(up) - from)))); }
    const pieces = criticalPath(build(spans).roots[0]);
    equal(pieces.reduce((sum, p) => sum + p.to - p.from, 0), 1000);
    for (let i = 1; i < pieces.length; i += 1) truth(pieces[i].from >= pieces[i - 1].to, 'pieces overlap');
  }
});
test('shares add up', () => { const t = build([span('a', null, 0, 10), span('b', 'a', 0, 4, { service: 'x' })]);
  const shares = serviceShares([...t.nodes.values()]); equal(shares.map((s) => [s.name, s.share]), [['s', 0.6], ['x', 0.4]]); });
test('three thousand levels do not overflow', () => { const spans = Array.from({ length: 10000 },
  (_, i) => span(String(i), i ? String(i - 1) : null, i, 20000 - i)); equal(depthFirst(build(spans.slice(0, 3000)).roots).length, 3000); });
