// @ts-check
import { apart, began, failingMuch, findings, median, shares, sigmas, totals } from './findings.js';
import { equal, test } from './testing.js';

const line = (/** @type {string} */ name, /** @type {number[]} */ p95, errors = 0) => ({ name, requests: p95.map(() => 30),
  errors: p95.map((_, i) => (i > 5 ? errors : 0)), p95_ms: p95 });

test('the slower service comes first', () => { const f = findings([line('a', [10, 10, 10, 10, 10, 10, 20, 20, 20]),
  line('b', [10, 10, 10, 10, 10, 10, 90, 90, 90]), line('c', Array(9).fill(10))]); equal(f.slower.map((s) => [s.name, s.factor]),
  [['b', 9], ['a', 2]]); });
test('few requests say nothing', () => { const quiet = { ...line('a', [1, 1, 1, 9, 9, 9]), requests: Array(6).fill(1) };
  equal(findings([quiet]).slower, []); });
test('what goes up and down is no finding', () => {
  const wild = line('billing', [10, 200, 12, 190, 15, 30, 150, 20, 90, 60, 11, 210, 205, 12, 30]);
  equal(findings([wild]).slower, []);
  equal(apart([1, 2, null], [3, 4]), 1);
  equal(apart([1, 9], [9, 1]), 0.5);
  equal(apart([], [1]), 0.5);
});
test('one failure more among few requests is no finding', () => {
  const few = { ...line('rare', Array(9).fill(10)), requests: Array(9).fill(8), errors: [0, 0, 0, 0, 0, 0, 0, 1, 0] };
  equal(findings([few]).failing, []);
  equal(sigmas(0, 20, 0, 20), 0);
  equal(sigmas(0, 20, 20, 20) > 3, true);
});
test('more failures are found', () => equal(findings([line('a', Array(9).fill(10), 3)]).failing.map((f) => [f.name, f.after]), [['a', 0.1]]));
test('what fails much is named, though it always did', () => {
  const service = (/** @type {string} */ name, /** @type {number} */ rate, requests = 100) => /** @type {any} */ ({ name, requests, errors: Math.round(requests * rate), error_rate: rate });
  equal(failingMuch([service('fine', 0.01), service('new', 0.3), service('worse', 0.4), service('rare', 1, 3), service('rare but failing', 1, 6), service('named', 0.9)],
    [{ name: 'named', before: 0, after: 0.9 }]).map((s) => s.name), ['rare but failing', 'worse', 'new']); });
test('what began in the range is told with its step', () => {
  equal(findings([line('a', Array(9).fill(10), 3)]).failing[0].since, 6);
  equal(findings([line('b', [10, 10, 10, 10, 10, 10, 90, 90, 90])]).slower[0].since, 6);
  equal(began([0.2, 0.3, 0.2], 0, 0.2), null);
  equal(began([0, 0, null, 0, 0.4], 0, 0.4), null);
  equal(shares({ name: 'a', requests: [10, 0], errors: [1, 0], p95_ms: [] }), [0.1, null]);
});
test('the median skips the unknown', () => { equal(median([null, 3, 1, null, 2]), 2); equal(median([null]), null); });
test('totals add all services', () => equal(totals([line('a', [1, 1]), line('b', [1, 1])]).requests, [60, 60]));
