// @ts-check
import { exploreQuery, keptQuery, moved, questionOf, roomFor, settled } from './boards.js';
import { defaultQuery } from './query.js';
import { equal, test } from './testing.js';

const at = (/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ w, /** @type {number} */ h) => ({ position: { x_coordinate: x, y_coordinate: y, width: w, height: h } });
const xy = (/** @type {{position: any}[]} */ panels) => panels.map((p) => [p.position.x_coordinate, p.position.y_coordinate]);

test('panels that overlap move down', () => {
  equal(xy(settled([at(0, 0, 6, 4), at(3, 2, 6, 4), at(6, 0, 6, 2)])), [[0, 0], [6, 0], [3, 4]]);
  equal(xy(settled([at(0, 0, 12, 2), at(0, 0, 12, 2), at(0, 0, 12, 2)])), [[0, 0], [0, 2], [0, 4]]);
  equal(settled([]), []);
});
test('a new panel takes the first room', () => {
  equal(roomFor([at(0, 0, 6, 4)], 6, 4), { x_coordinate: 6, y_coordinate: 0, width: 6, height: 4 });
  equal(roomFor([at(0, 0, 8, 4)], 6, 4), { x_coordinate: 0, y_coordinate: 4, width: 6, height: 4 });
  equal(roomFor([], 12, 2), { x_coordinate: 0, y_coordinate: 0, width: 12, height: 2 });
});
test('a panel stays within the grid', () => {
  const { position } = at(6, 0, 6, 2);
  equal(moved(position, 'right'), position);
  equal(moved(position, 'up'), position);
  equal(moved(position, 'wider'), { ...position, x_coordinate: 5, width: 7 });
  equal(moved(position, 'lower'), position);
});
test('a question gets the board\'s time and filters', () => {
  const kept = { id: 'x', calculations: [{ op: 'COUNT' }], time_range: 60, granularity: 5, filters: [{ column: 'a', op: 'exists' }] }, filter = { column: 'b', op: '=', value: 1 };
  equal(questionOf(kept, { start: 10.5, end: 20.5 }, [filter]), { query: { calculations: [{ op: 'COUNT' }], filters: [{ column: 'a', op: 'exists' }, filter], filter_combination: 'AND', start_time: 10, end_time: 21 }, unfiltered: false });
  const alternatives = { ...kept, filters: [{ column: 'a', op: 'exists' }, { column: 'c', op: 'exists' }], filter_combination: 'OR' };
  equal(questionOf(alternatives, { start: 0, end: 1 }, [filter]).unfiltered, true);
  equal(questionOf(alternatives, { start: 0, end: 1 }, [filter]).query.filters.length, 2);
});
test('a panel keeps its steps where they suit the time', () => {
  const kept = { calculations: [{ op: 'COUNT' }], granularity: 60 };
  const steps = (/** @type {number} */ length) => exploreQuery(questionOf(kept, { start: 0, end: length }, []).query).granularity;
  equal([59, 600, 3600, 60_000, 60_001].map(steps), [0, 60, 60, 60, 0]);
  equal(keptQuery({ ...defaultQuery(), granularity: 60 }, { start: 0, end: 3600 }).granularity, 60);
  equal(keptQuery({ ...defaultQuery(), granularity: 3600 }, { start: 0, end: 3600 }).granularity, undefined);
});
test('a question goes to Explore and comes back', () => {
  const query = { ...defaultQuery(), orders: [{ label: 'COUNT', descending: true }], havings: [{ label: 'COUNT', op: '>', value: 3 }, { label: 'failed', op: '>', value: 1 }, { label: 'rate', op: '<', value: 1 }], filters: [{ column: 'a', op: '=', value: 'x' }], granularity: 60,
    fields: [{ name: 'is_slow', expression: 'GT($duration_ms, 5)' }], limit: 7, calculations: [{ op: 'COUNT' }, { op: 'COUNT', name: 'failed', filters: [{ column: 'a', op: 'exists' }, { column: 'b', op: 'exists' }], any: true }],
    formulas: [{ name: 'rate', expression: '$failed / $COUNT' }], compare: '86400' };
  const kept = keptQuery(query, { start: 100, end: 3700 });
  equal(kept.time_range, 3600);
  equal(exploreQuery(kept), query);
});
test('a board compares over its own time', () => {
  const kept = { calculations: [{ op: 'COUNT' }], time_range: 3600, compare_time_offset_seconds: 3600 }, offset = (/** @type {any} */ query, /** @type {number} */ length) => questionOf(query, { start: 1000.5, end: 1000.5 + length }, []).query;
  equal([offset(kept, 7200).compare_time_offset_seconds, offset(kept, 7200).end_time - offset(kept, 7200).start_time], [7200, 7200]);
  equal([offset({ ...kept, compare_time_offset_seconds: 86400 }, 7200).compare_time_offset_seconds, offset({ ...kept, compare_time_offset_seconds: 86400 }, 90_000).compare_time_offset_seconds], [86400, undefined]);
});
