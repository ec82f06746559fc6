// @ts-check
import { apart, began, failingMuch, findings, median, parted, shares, sigmas, slowBox, surely, totals, worstFirst } from './findings.js';
import { equal, seeded, test } from './testing.js';

const line = (/** @type {string} */ name, /** @type {number[]} */ p95, errors = 0) => ({ name, requests: p95.map(() => 30),
  errors: p95.map((_, i) => (i > 5 ? errors : 0)), p95_ms: p95, p99_ms: p95 });

test('the slower service comes first', () => { const f = findings([line('a', [10, 10, 10, 10, 10, 10, 20, 20, 20]),
  line('b', [10, 10, 10, 10, 10, 10, 90, 90, 90]), line('c', Array(9).fill(10))]); equal(f.slower.map((s) => [s.name, s.factor]),
  [['b', 9], ['a', 2]]); });
test('what only the slowest requests feel is told at P99, behind what more of them feel', () => {
  const steps = (/** @type {number} */ before, /** @type {number} */ after) => Array.from({ length: 24 }, (_, i) => (i < 14 ? before : after) + i % 3);
  const tail = { name: 'tail', requests: Array(24).fill(100), errors: Array(24).fill(0), p95_ms: Array(24).fill(10), p99_ms: steps(19, 79) };
  const f = findings([tail, line('a', [10, 10, 10, 10, 10, 10, 20, 20, 20])]);
  equal(f.slower.map((s) => [s.name, s.at, s.factor, s.since]), [['a', 'p95', 2, 6], ['tail', 'p99', 4, 14]]);
  equal(f.changes.get('tail'), 0);
  // It began where most are above from then on, though single steps fall back.
  equal(parted([1, 9, 1, 1, null, 9, 9, 1, 9, 9, 1, 9], 1, 9), 5);
  equal(parted([9, 9, 9], 1, 9), null);
  // Less than twice, too few requests, and too few steps to tell it from chance.
  equal(findings([{ ...tail, p99_ms: steps(19, 36) }]).slower, []);
  equal(findings([{ ...tail, requests: Array(24).fill(20) }]).slower, []);
  equal(findings([{ ...tail, requests: Array(4).fill(900), errors: [0, 0, 0, 0], p95_ms: [10, 10, 10, 10], p99_ms: [20, 20, 90, 90] }]).slower, []);
});
test('a rare slow request here and there is no finding at P99', () => {
  // Each step's P99 is its slowest of a few requests: it leaps, and it leaps in both parts.
  const random = seeded(7);
  let told = 0;
  for (let service = 0; service < 400; service += 1) {
    const steps = Array.from({ length: 60 }, () => Math.max(...Array.from({ length: 12 }, () => Math.exp(2 + 1.5 * (random() + random() + random() - 1.5)))));
    told += findings([{ name: 's', requests: Array(60).fill(12), errors: Array(60).fill(0), p95_ms: Array(60).fill(10), p99_ms: steps }]).slower.length;
  }
  equal(told, 0);
});
test('what began a few minutes ago is told, and what began soon after the start', () => {
  for (const [since, at] of /** @type {[number, 'p95' | 'p99'][]} */ ([[55, 'p95'], [52, 'p99'], [45, 'p95'], [14, 'p95'], [14, 'p99']])) {
    const random = seeded(since), steps = Array.from({ length: 60 }, (_, i) => (i < since ? 100 : 260) + 20 * random());
    const found = findings([{ name: 's', requests: Array(60).fill(60), errors: Array(60).fill(0), p95_ms: at === 'p95' ? steps : Array(60).fill(10), p99_ms: steps }]).slower;
    equal(found.map((s) => [s.at, s.since]), [[at, since]]);
  }
});
test('P95 that leaps in all of the range is no finding, however often it is looked at', () => {
  const random = seeded(11);
  let told = 0;
  for (let service = 0; service < 400; service += 1) {
    const steps = Array.from({ length: 60 }, () => Math.exp(2 + 2 * (random() + random() + random() - 1.5)));
    told += findings([{ name: 's', requests: Array(60).fill(30), errors: Array(60).fill(0), p95_ms: steps, p99_ms: steps }]).slower.length;
  }
  equal(told, 0);
});
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
const service = (/** @type {string} */ name, /** @type {number} */ errors, /** @type {number} */ requests) => /** @type {any} */ ({ name, requests, errors, error_rate: errors / requests });
const names = (/** @type {any[]} */ found) => found.map((s) => s.name);
test('what fails much is named, though it always did', () => {
  const all = [service('fine', 1, 100), service('new', 30, 100), service('worse', 40, 100), service('small', 3, 3), service('named', 90, 100)];
  equal(names(failingMuch(all, [{ name: 'named', before: 0, after: 0.9, surely: 0.7, since: null }])), ['worse', 'small', 'new']);
});
test('few requests are no headline over many, and none are too few to be named', () => {
  const all = [service('half', 1, 2), service('many', 400, 1000), service('once', 1, 1), service('all', 3, 3), service('rare', 1, 30), service('ten', 1, 10)];
  equal(names(failingMuch(all, [])), ['many', 'all', 'once', 'half']);
  equal(names(worstFirst([...all, service('fine', 0, 9)])), ['many', 'all', 'once', 'half', 'ten', 'rare']);
  equal([surely(0, 0), surely(0, 9), surely(3, 3)], [0, 0, 0.25]);
  equal(surely(1e6, 1e6) < 1 && surely(1e6, 1e6) > 0.9999, true);
});
test('of what fails more, a few late requests stand behind many', () => {
  const rising = (/** @type {string} */ name, /** @type {number} */ requests, /** @type {number} */ errors) => ({ ...line(name, Array(9).fill(10)), requests: Array(9).fill(requests),
    errors: Array.from({ length: 9 }, (_, i) => (i > 5 ? errors : 0)) });
  equal(names(findings([rising('few', 7, 3), rising('many', 1000, 400)]).failing), ['many', 'few']);
});
test('what is slow is boxed from where it began, or else over the last third', () => {
  const slower = { name: 'a', at: /** @type {const} */ ('p99'), before: 100, after: 900, factor: 9, since: 14 }, series = { start_us: 1e9, step_us: 60e6, count: 24 };
  equal(slowBox(slower, series), { column: 'duration_ms', min: 300, max: 3600e3, start: 1840, end: 2440 });
  equal(slowBox({ ...slower, since: null }, series).start, 1000 + 16 * 60);
});
test('what began in the range is told with its step', () => {
  equal(findings([line('a', Array(9).fill(10), 3)]).failing[0].since, 6);
  equal(findings([line('b', [10, 10, 10, 10, 10, 10, 90, 90, 90])]).slower[0].since, 6);
  equal(began([0.2, 0.3, 0.2], 0, 0.2), null);
  equal(began([0, 0, null, 0, 0.4], 0, 0.4), null);
  equal(shares({ name: 'a', requests: [10, 0], errors: [1, 0], p95_ms: [], p99_ms: [] }), [0.1, null]);
});
test('the median skips the unknown', () => { equal(median([null, 3, 1, null, 2]), 2); equal(median([null]), null); });
test('totals add all services', () => equal(totals([line('a', [1, 1]), line('b', [1, 1])]).requests, [60, 60]));
test('a range that begins before the first request of all is compared from there on', () => {
  const before = (/** @type {any} */ value, /** @type {any[]} */ values) => [...Array(40).fill(value), ...values], steps = [...Array(8).fill(100), ...Array(12).fill(300)];
  const found = findings([{ name: 's', requests: before(0, Array(20).fill(60)), errors: before(0, Array(20).fill(0)), p95_ms: before(null, steps), p99_ms: before(null, steps) }]);
  equal(found.slower.map((s) => [s.at, s.factor, s.since]), [['p95', 3, 48]]);
  const failing = findings([{ name: 's', requests: before(0, Array(20).fill(60)), errors: before(0, [...Array(8).fill(0), ...Array(12).fill(30)]), p95_ms: Array(60).fill(1), p99_ms: Array(60).fill(1) }]);
  equal(failing.failing.map((f) => f.since), [48]);
});
