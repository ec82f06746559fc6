// @ts-check
// What the Services page says first: which service is slower or fails more than it did at the range's start.

/**
 * @typedef {{name: string, events: number, requests: number, rate_per_s: number, errors: number, error_rate: number, p50_ms: number | null, p95_ms: number | null, p99_ms: number | null}} Service
 */
/** @typedef {{name: string, requests: number[], errors: number[], p95_ms: (number | null)[], p99_ms: (number | null)[]}} Line */
/** @typedef {'p95' | 'p99'} Quantile */
/** @typedef {{name: string, at: Quantile, before: number, after: number, factor: number, since: number | null}} Slower */
/** @typedef {{name: string, before: number, after: number, surely: number, since: number | null}} Failing  surely: of the last third, see there; since: the step at which it began */

// How much slower, and by at least so many requests in each part. A step of few requests has the slowest of them as its quantile, and half of the steps may have no slow one
// at all where every fiftieth request is slow. Of `among` requests, ln 2 / (1 - q), the slowest is as often above the quantile as below it: so many tell it.
const quantiles = /** @type {const} */ ([{ at: 'p95', factor: 1.5, among: 14, requests: 20 }, { at: 'p99', factor: 2, among: 69, requests: 200 }]);
// Which parts of the range, by its length, are held against each other: wide ones first, since more steps tell more. What began lately, or soon after the start, shows in narrow ones alone.
const parts = [{ early: 3, late: 3 }, { early: 3, late: 1.5 }, { early: 3, late: 6 }, { early: 3, late: 12 }, { early: 6, late: 3 }];
const failingPoints = 0.01; // one point of all requests
const muchFailure = 0.05; // nobody means to refuse every twentieth request
const leastRequests = 20; // in each part; fewer say nothing
const leastApart = 0.8; // of all pairs of a late and an early value, those where the late one is slower; by chance it is half
const mostChance = 1 / 900; // that so many slow steps are late ones by luck: six after six are once in 924
const longest = 3600e3; // ms: a box of slow requests is open to the top
const leastSigma = 3; // standard errors between two shares of failures: with fewer, one failure more would be news

/** @param {(number | null)[]} values @returns {number | null} */
export function median(values) {
  const known = values.filter((v) => v != null).sort((a, b) => /** @type {number} */ (a) - /** @type {number} */ (b));
  return known.length ? known[Math.floor((known.length - 1) / 2)] : null;
}

/**
 * The first step from which on all values are above the middle of both; nothing where that is the start, or where so few steps are that they may be chance.
 * @param {(number | null)[]} values @param {number} before @param {number} after @returns {number | null}
 */
export function began(values, before, after) {
  const middle = (before + after) / 2, last = values.findLastIndex((v) => v != null && v <= middle);
  return last < 0 || values.slice(last + 1).filter((v) => v != null).length < 2 ? null : last + 1;
}

/**
 * The step from which on most likely more values are above a bound than before: not all need be, since a step may have no slow request.
 * @param {(number | null)[]} values @param {number} bound @returns {number | null} nothing where that is the start
 */
export function parted(values, bound) {
  const known = values.flatMap((v, i) => (v == null ? [] : [{ i, slow: v > bound ? 1 : 0 }])), all = known.reduce((sum, v) => sum + v.slow, 0);
  const likely = (/** @type {number} */ part, /** @type {number} */ of) => (part ? part * Math.log(part / of) : 0);
  let before = 0, best = -Infinity, step = /** @type {number | null} */ (null);
  known.forEach(({ i, slow }, n) => {
    const after = all - before, rest = known.length - n;
    if (n && after / rest > before / n) {
      const sum = likely(before, n) + likely(n - before, n) + likely(after, rest) + likely(rest - after, rest);
      if (sum > best) [best, step] = [sum, i];
    }
    before += slow;
  });
  return step;
}

/** @param {(number | null)[]} early @param {(number | null)[]} late @returns {number} the share of pairs in which the late value is the greater one: a few wild steps do not move it */
export function apart(early, late) {
  const known = (/** @type {(number | null)[]} */ v) => /** @type {number[]} */ (v.filter((x) => x != null)), a = known(early), b = known(late);
  const won = b.reduce((sum, y) => sum + a.reduce((n, x) => n + (y > x ? 1 : y === x ? 0.5 : 0), 0), 0);
  return a.length && b.length ? won / (a.length * b.length) : 0.5;
}

/** @param {number} failedBefore @param {number} before requests @param {number} failedAfter @param {number} after requests @returns {number} how many standard errors the share of failures rose by */
export function sigmas(failedBefore, before, failedAfter, after) {
  const both = (failedBefore + failedAfter) / (before + after), error = Math.sqrt(both * (1 - both) * (1 / before + 1 / after));
  const rise = failedAfter / after - failedBefore / before;
  return error > 0 ? rise / error : rise > 0 ? Infinity : 0;
}

/**
 * The share of requests that fails at least, as far as so few of them can tell: the lower end of Wilson's interval, three standard errors wide. 1 of 2 says less than 3 of 3,
 * and both say less than 400 of 1000.
 * @param {number} failed @param {number} requests @returns {number}
 */
export function surely(failed, requests) {
  if (!requests) return 0;
  const share = Math.min(1, failed / requests), z = leastSigma;
  return Math.max(0, (share + z * z / (2 * requests) - z * Math.sqrt(share * (1 - share) / requests + (z / (2 * requests)) ** 2)) / (1 + z * z / requests));
}

/**
 * How likely so many slow ones or more are among the late by chance, where those of both are shuffled (Fisher's exact test).
 * @param {number} slowBefore @param {number} before @param {number} slowAfter @param {number} after @returns {number}
 */
export function chance(slowBefore, before, slowAfter, after) {
  const all = before + after, slow = slowBefore + slowAfter, most = Math.min(slow, after);
  let sum = 0;
  for (let k = slowAfter; k <= most; k += 1) sum += Math.exp(choices(after, k) + choices(before, slow - k) - choices(all, slow));
  return sum;
}

/** @param {number} n @param {number} k @returns {number} the logarithm of how many ways there are to choose k of n; none is -Infinity */
function choices(n, k) {
  if (k < 0 || k > n) return -Infinity;
  let sum = 0;
  for (let i = 1; i <= k; i += 1) sum += Math.log((n - k + i) / i);
  return sum;
}

/**
 * A quantile of groups of steps that hold enough requests for one. A step with fewer has its slowest request as its value, so that of a group is the slowest of its steps'.
 * @param {(number | null)[]} values @param {number[]} requests @param {number} among so many requests make a group; what is left at the end goes with the last one
 * @returns {number[]}
 */
export function grouped(values, requests, among) {
  const groups = [];
  let group = 0, count = 0;
  values.forEach((value, i) => {
    if (value == null) return;
    [group, count] = [Math.max(group, value), count + requests[i]];
    if (count >= among) { groups.push(group); [group, count] = [0, 0]; }
  });
  if (count && groups.length) groups[groups.length - 1] = Math.max(group, groups[groups.length - 1]);
  return groups;
}

/** @param {Line} line @returns {{slower: Slower | null, failing: Failing | null, change: number | null}} a change is one at P95, of the last third against the first */
export function compare(line) {
  const third = Math.max(1, Math.floor(line.requests.length / 3));
  const sum = (/** @type {number[]} */ v) => v.reduce((a, b) => a + (b ?? 0), 0);
  const [early, late] = [sum(line.requests.slice(0, third)), sum(line.requests.slice(-third))];
  const found = quantiles.flatMap((quantile) => parts.map((part) => slowerAt(line, quantile, part)));
  const failedBefore = sum(line.errors.slice(0, third)), failedAfter = sum(line.errors.slice(-third)), was = early ? failedBefore / early : 0, is = late ? failedAfter / late : 0;
  const failing = Math.min(early, late) >= leastRequests && is - was >= failingPoints && sigmas(failedBefore, early, failedAfter, late) >= leastSigma
    ? { name: line.name, before: was, after: is, surely: surely(failedAfter, late), since: began(shares(line), was, is) } : null;
  return { slower: found.find((f) => f.slower)?.slower ?? null, failing, change: found[0].change };
}

/** @param {Line} line @param {typeof quantiles[number]} quantile @param {{early: number, late: number}} part @returns {{slower: Slower | null, change: number | null}} */
function slowerAt(line, { at, factor, among, requests: least }, part) {
  const values = line[`${at}_ms`], [from, to] = [part.early, part.late].map((share) => Math.max(1, Math.floor(values.length / share)));
  const [early, late] = [[0, from], [values.length - to, values.length]].map(([a, b]) => ({ steps: values.slice(a, b), requests: line.requests.slice(a, b) }));
  const enough = [early, late].every(({ requests }) => requests.reduce((a, b) => a + (b ?? 0), 0) >= least);
  const [was, is] = [early, late].map(({ steps, requests }) => grouped(steps, requests, among)), before = median(was), after = median(is);
  if (!enough || !before || !after) return { slower: null, change: null };
  const slow = Math.sqrt(before * after), [[slowBefore, all], [slowAfter, rest]] = [early, late].map(({ steps }) => [steps.filter((v) => v != null && v > slow).length, steps.filter((v) => v != null).length]);
  const isSlower = after / before >= factor && apart(was, is) >= leastApart && chance(slowBefore, all, slowAfter, rest) <= mostChance;
  return { slower: isSlower ? { name: line.name, at, before, after, factor: after / before, since: parted(values, slow) } : null, change: after / before - 1 };
}

/**
 * The requests that make a service slower: those above the middle of before and after, since it began.
 * @param {Slower} slower @param {{start_us: number, step_us: number, count: number}} series @returns {import('./heatbox.js').Box}
 */
export function slowBox({ before, after, since }, { start_us: start, step_us: step, count }) {
  const from = since ?? count - Math.max(1, Math.floor(count / 3));
  return { column: 'duration_ms', min: Math.sqrt(before * after), max: longest, start: (start + from * step) / 1e6, end: (start + count * step) / 1e6 };
}

/** @param {Line} line @returns {(number | null)[]} which share of the requests failed, step by step */
export function shares(line) { return line.requests.map((n, i) => (n ? line.errors[i] / n : null)); }

/**
 * A range that begins before the first request of all, as that of a day where a server has run for an hour, is compared from that request on: nothing before it says anything.
 * @param {Line[]} lines @returns {{slower: Slower[], failing: Failing[], changes: Map<string, number | null>}} worst first; what more requests feel comes before what only the slowest do
 */
export function findings(lines) {
  const slower = [], failing = [], changes = new Map(), first = Math.max(0, totals(lines).requests.findIndex((n) => n > 0));
  const whole = (/** @type {{since: number | null}} */ found) => ({ ...found, since: found.since == null ? null : found.since + first });
  for (const line of lines) {
    const found = compare({ name: line.name, requests: line.requests.slice(first), errors: line.errors.slice(first), p95_ms: line.p95_ms.slice(first), p99_ms: line.p99_ms.slice(first) });
    changes.set(line.name, found.change);
    if (found.slower) slower.push(/** @type {Slower} */ (whole(found.slower)));
    if (found.failing) failing.push(/** @type {Failing} */ (whole(found.failing)));
  }
  return { slower: slower.sort((a, b) => a.at.localeCompare(b.at) || b.factor - a.factor), failing: failing.sort((a, b) => b.surely - b.before - (a.surely - a.before)), changes };
}

/** @param {Service} s @returns {number} */
const surelyOf = (s) => surely(s.errors, s.requests);

/** @param {Service[]} services @returns {Service[]} those with failures, worst first: by what is sure, so that few requests stand behind many */
export function worstFirst(services) { return services.filter((s) => s.errors > 0).sort((a, b) => surelyOf(b) - surelyOf(a)); }

/** @param {Service[]} services @param {Failing[]} named @returns {(Service & {surely: number})[]} those that fail much and are not named yet, worst first: a new one has no before */
export function failingMuch(services, named) {
  return worstFirst(services).map((s) => ({ ...s, surely: surelyOf(s) }))
    .filter((s) => s.error_rate >= muchFailure && s.surely >= failingPoints && !named.some((f) => f.name === s.name));
}

/** @param {Line[]} lines @returns {{requests: number[], errors: number[]}} all services added */
export function totals(lines) {
  const count = lines[0]?.requests.length ?? 0;
  const add = (/** @type {'requests' | 'errors'} */ key) => Array.from({ length: count }, (_,
    i) => lines.reduce((sum, line) => sum + (line[key][i] ?? 0), 0));
  return { requests: add('requests'), errors: add('errors') };
}
