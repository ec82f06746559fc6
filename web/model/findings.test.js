// @ts-check
import { apart, began, chance, failingMuch, findings, grouped, median, parted, shares, sigmas, slowBox, surely, totals, worstFirst } from './findings.js';
import { equal, seeded, test } from './testing.js';

const line = (/** @type {string} */ name, /** @type {number[]} */ p95, errors = 0) => ({ name, requests: p95.map(() => 30),
  errors: p95.map((_, i) => (i > 5 ? errors : 0)), p95_ms: p95, p99_ms: p95 });

const late = (/** @type {number} */ after) => [...Array(12).fill(10), ...Array(6).fill(after)];

test('the slower service comes first', () => equal(findings([line('a', late(20)), line('b', late(90)), line('c', late(10))]).slower.map((s) => [s.name, s.factor]), [['b', 9], ['a', 2]]));
test('what only the slowest requests feel is told at P99, behind what more of them feel', () => {
  const steps = (/** @type {number} */ before, /** @type {number} */ after) => Array.from({ length: 24 }, (_, i) => (i < 14 ? before : after) + i % 3);
  const tail = { name: 'tail', requests: Array(24).fill(100), errors: Array(24).fill(0), p95_ms: Array(24).fill(10), p99_ms: steps(19, 79) };
  const f = findings([tail, line('a', late(20))]);
  equal(f.slower.map((s) => [s.name, s.at, s.factor, s.since]), [['a', 'p95', 2, 12], ['tail', 'p99', 4, 14]]);
  equal(f.changes.get('tail'), 0);
  // It began where most are above from then on, though single steps fall back.
  equal(parted([1, 9, 1, 1, null, 9, 9, 1, 9, 9, 1, 9], 5), 5);
  equal(parted([1, 1, 1, 1, 9, 1, 1, 9, 9, 1, 1, 9, 1, 1, 9, 9], 5), 4);
  equal([parted([9, 9, 9], 5), parted([null, null], 5), parted([9, 9, 1, 1], 5)], [null, null, null]);
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
// One hour of `timeline` in the demo at one request a second: a release after twenty minutes makes one in forty of its requests slow, so that every other step has none.
const small = { name: 'timeline', errors: Array(60).fill(0),
  requests: [19.0, 31.0, 23.0, 25.0, 22.0, 20.0, 32.0, 27.0, 24.0, 20.0, 25.0, 28.0, 17.0, 22.0, 14.0, 14.0, 15.0, 20.0, 13.0, 20.0, 10.0, 12.0, 13.0, 22.0, 22.0, 18.0, 30.0, 21.0, 32.0, 18.0, 17.0, 21.0, 24.0, 22.0, 26.0, 24.0, 30.0, 22.0, 18.0, 13.0, 16.0, 12.0, 18.0, 19.0, 19.0, 16.0, 21.0, 16.0, 17.0, 20.0, 21.0, 23.0, 27.0, 22.0, 27.0, 28.0, 21.0, 31.0, 27.0, 15.0],
  p95_ms: [265, 230, 260, 210, 260, 274, 258, 292, 215, 236, 267, 237, 197, 301, 345, 346, 220, 272, 222, 274, 827, 227, 616, 238, 1485, 472, 293, 240, 253, 258, 299, 231, 370, 254, 289, 309, 291, 293, 312, 301, 1041, 261, 463, 240, 356, 490, 293, 449, 807, 250, 235, 299, 882, 1176, 248, 258, 298, 753, 1226, 252],
  p99_ms: [313, 257, 285, 244, 320, 291, 275, 312, 218, 243, 287, 288, 224, 336, 353, 369, 221, 303, 247, 870, 1188, 230, 1014, 303, 1552, 1143, 326, 1420, 260, 291, 347, 363, 1077, 260, 1312, 1115, 941, 300, 314, 333, 1203, 281, 1414, 271, 1001, 976, 1279, 863, 1628, 287, 267, 1015, 1720, 1424, 275, 334, 366, 1626, 2299, 263] };
test('of a small service a slow P99 is told too, with the step at which it began', () => {
  const [{ at, before, after, since }, ...others] = findings([small]).slower;
  equal([at, before, after, since, others.length], ['p99', 313, 1628, 19, 0]);
  equal(Math.abs(findings([small]).changes.get('timeline') ?? 1) < 0.5, true); // one in forty is not one in twenty
  // The minutes before that alone, thrice.
  const calm = (/** @type {any[]} */ values) => [0, 7, 13].flatMap((from) => [...values.slice(from, 19), ...values.slice(0, from)]);
  equal(findings([{ ...small, requests: calm(small.requests), p95_ms: calm(small.p95_ms), p99_ms: calm(small.p99_ms) }]).slower, []);
});
/** Durations of requests, in ms: quiet ones, those of a long tail, and those of which one in a hundred, fifty or twenty is slow. @type {Record<string, (random: () => number) => number>} */
const shapes = { quiet: (random) => 80 * Math.exp(bell(random) / 4), wide: (random) => 80 * Math.exp(bell(random)), tail: (random) => 20 * (1 - random()) ** (-1 / 1.2),
  ...Object.fromEntries([0.01, 0.02, 0.05].map((share) => [`rare ${share}`, (/** @type {() => number} */ random) => (random() < share ? 20 : 1) * 80 * Math.exp(bell(random) / 3)])) };
const bell = (/** @type {() => number} */ random) => 2 * (random() + random() + random() - 1.5);
/** Steps of about so many requests each. @param {() => number} random @param {number} steps @param {number} each @param {(i: number) => number} draw */
function made(random, steps, each, draw) {
  const all = Array.from({ length: steps }, (_, i) => Array.from({ length: Math.round(each * (0.6 + 0.8 * random())) }, () => draw(i)).sort((a, b) => a - b));
  const at = (/** @type {number} */ share) => all.map((v) => v[Math.ceil(share * v.length) - 1] ?? null);
  return { name: 's', requests: all.map((v) => v.length), errors: all.map(() => 0), p95_ms: at(0.95), p99_ms: at(0.99) };
}
test('noise of every kind is a finding once in hundreds of services', () => {
  const random = seeded(3);
  let services = 0, told = 0;
  for (const shape of Object.values(shapes)) for (const each of [1, 4, 12, 40]) for (const steps of [8, 20, 36, 60]) {
    for (let n = 0; n < 12; n += 1) { services += 1; told += findings([made(random, steps, each, () => shape(random))]).slower.length; }
  }
  equal([services, told <= 3], [1152, true]);
});
test('one request a second, of which two in a hundred go from 80 ms to 1.3 s, is a finding nearly always', () => {
  const random = seeded(9);
  let told = 0;
  for (let n = 0; n < 60; n += 1) {
    const since = 20 + n % 20, found = findings([made(random, 60, 60, (i) => (i >= since && random() < 0.02 ? 1300 : 60) * Math.exp(bell(random) / 5))]).slower[0];
    if (found && found.factor > 5 && Math.abs((found.since ?? 0) - since) <= 4) told += 1;
  }
  equal(told >= 57, true);
});
test('groups of steps hold enough requests for a quantile', () => {
  equal(grouped([5, 9, null, 7, 3, 8, 4], [60, 60, 50, 60, 60, 200, 10], 100), [9, 7, 8]);
  equal(grouped([5, 9], [6, 6], 100), []);
});
test('chance is that of so many late ones or more among all', () => {
  equal(Math.round(1 / chance(0, 6, 6, 6)), 924);
  equal([Math.round(chance(0, 4, 0, 4)), Math.round(1000 * chance(3, 6, 3, 6))], [1, 716]);
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
  equal(findings([line('b', late(90))]).slower[0].since, 12);
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
