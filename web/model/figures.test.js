// @ts-check
import { durations, greatest, growth, growths, percentile, total } from './figures.js';
import { close, equal, test } from './testing.js';

const at = (/** @type {number} */ seconds, /** @type {number[]} */ values, /** @type {number[]} */ counts = [0, 0, 0]) => ({ us: seconds * 1e6, figures: [
  { name: 'a_total', help: '', type: 'counter', samples: values.map((value, i) => ({ labels: { door: `d${i}` }, value })) },
  { name: 'h_seconds', help: '', type: 'histogram', bounds: [0.001, 0.01], counts, sum: 1 }] });

test('a figure is the sum of its samples, and unknown where it is not there', () => { equal(total(at(1, [2, 3]), 'a_total'), 5);
  equal(total(at(1, []), 'nothing'), null); equal(total(undefined, 'a_total'), null); });
test('a histogram counts what happened', () => equal(total(at(1, [], [1, 2, 3]), 'h_seconds'), 6));
test('growth is per second', () => equal(growth(at(1, [10]), at(3, [30]), 'a_total'), 10));
test('after a restart growth counts from 0', () => equal(growth(at(1, [100]), at(3, [4]), 'a_total'), 2));
test('without an earlier reading there is no growth', () => { equal(growth(undefined, at(1, [1]), 'a_total'), null);
  equal(growth(at(1, [1]), at(1, [2]), 'a_total'), null); });
test('growths lie between neighbours', () => equal(growths([at(1, [0]), at(2, [5]), at(4, [7])], 'a_total'), [5, 1]));
test('durations since a reading, or since the start', () => { equal(durations(at(1, [], [1, 0, 0]), at(2, [], [3, 1, 0]), 'h_seconds').counts, [2, 1, 0]);
  equal(durations(undefined, at(2, [], [3, 1, 0]), 'h_seconds').count, 4); equal(durations(at(1, [], [9, 9, 9]), at(2, [], [3, 1, 0]), 'h_seconds').count, 4); });
test('a percentile lies in its bucket', () => { const h = durations(undefined, at(1, [], [50, 50, 0]), 'h_seconds');
  close(percentile(h, 0.5) ?? 0, 1); close(percentile(h, 0.99) ?? 0, 1 + 9 * 0.98, 1e-6); });
test('beyond the last bound a percentile is that bound, and of nothing it is unknown', () => {
  equal(percentile(durations(undefined, at(1, [], [0, 0, 5]), 'h_seconds'), 0.5), 10); equal(percentile(durations(undefined, at(1, []), 'h_seconds'), 0.5), null); });
test('the greatest samples come first and those of 0 not at all', () => equal(greatest(at(1, [1, 0, 7]), 'a_total').map((s) => s.value), [7, 1]));
