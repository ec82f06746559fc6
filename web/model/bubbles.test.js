// @ts-check
import { points, sentence, standing, tellingFirst, topValues } from './bubbles.js';
import { equal, test } from './testing.js';

const value = (/** @type {unknown} */ v, /** @type {number} */ a, /** @type {number} */ b) => ({ value: v, selection: 0, baseline: 0,
  selection_share: a, baseline_share: b });
const column = { name: 'mode', type: 'string', score: 0.9, selection_present: 1, baseline_present: 1,
  values: [value('async', 0.02, 0.8), value('sync', 0.97, 0.03), value(null, 0.01, 0.17), value('x', 0.5, 0.5)] };

test('the values that differ most come, greatest share first', () => equal(topValues(column, 3).map((v) => v.value), ['sync', 'async', null]));
test('what says the same again comes last', () => { const of = (/** @type {string} */ by) => tellingFirst(['status_code', 'meta.signal_type', 'occurrence.door', 'error', 'mode', 'duration_ms'].map((name) => ({ ...column, name })), by).map((c) => c.name);
  equal(of('error'), ['mode', 'duration_ms', 'status_code', 'meta.signal_type', 'occurrence.door']);
  equal(of('duration_ms'), ['status_code', 'error', 'mode', 'meta.signal_type', 'occurrence.door']); });
test('points are the greatest difference', () => equal([points(column), points({ ...column, values: undefined })], [94, null]));
test('only what differs stands out', () => equal(standing([column, { ...column, score: 0.1 }]).length, 1));
test('a column is told in a sentence', () => equal(sentence(column), 'mode = sync: 97 percent of the selection, 3 percent of the rest'));
