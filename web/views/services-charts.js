// @ts-check
import { lineChart } from '../charts/line.js';
import { drawn } from '../charts/svg.js';
import { durationText, durationTick, percent, short, whole } from '../model/format.js';
import { shares, totals, worstFirst } from '../model/findings.js';
import { services } from '../model/palette.js';
import { knownShare, knownTime } from '../model/time.js';
import { h, service } from './dom.js';
import { markerLayer } from './markers.js';
import { hoverable } from './chart-hover.js';
import { time, utc } from './router.js';

const shownLines = 5, shownFailing = 4;
const leastPart = 0.02; // of a step: requests of a moment say no rate

/**
 * Requests of all services, the share of the failed ones and the P95 of the services that matter most; their P99 where only that tells of a slower one.
 * @param {any} answer
 * @param {any} found
 * @returns {{element: HTMLElement, stop: () => void}}
 */
export function serviceCharts(answer, found) {
  const { start_us: startUs, step_us: stepUs, count, services: lines } = answer.series;
  const steps = { startUs, stepUs, count, ...knownTime(time(), Date.now() / 1000) }, sum = totals(lines);
  // Of a step that the range cuts, the requests of its part in that part's seconds: over all of them they would look like a fall.
  const perSecond = (/** @type {number} */ n, /** @type {number} */ i) => n / (stepUs / 1e6 * Math.max(leastPart, knownShare(steps, i)));
  const at = found.slower[0]?.at ?? 'p95', values = `${at}_ms`, title = at.toUpperCase();
  const hot = [...new Set([...found.slower.filter((/** @type {any} */ s) => s.at === at).map((/** @type {any} */ s) => s.name), ...[...answer.services].sort((a,
    b) => b.requests - a.requests).map((s) => s.name)])].slice(0, shownLines);
  const ok = sum.requests.map((n, i) => perSecond(Math.max(0, n - sum.errors[i]), i)), bad = sum.errors.map(perSecond);
  const now = sum.requests.reduce((a, b) => a + b, 0), failed = sum.errors.reduce((a, b) => a + b, 0);
  const one = chart(steps, () => [{ name: 'error', colour: 'var(--err)', values: bad }, { name: 'ok', colour: 'var(--base)', values: ok, dim: true }],
    { bars: true, format: (v) => short(v), label: `Requests of all services: ${whole(now)}, ${percent(now ? failed / now : 0).join(' ')} failed` },
    (i) => ({ rows: [['Requests', whole(sum.requests[i] ?? 0)], ['Failed', whole(sum.errors[i] ?? 0)],
      ['Per second', short(Number(perSecond(sum.requests[i] ?? 0, i).toPrecision(3)))]] }));
  const worst = worstFirst(answer.services).slice(0, shownFailing).map((s) => s.name);
  const failing = new Map(lines.filter((/** @type {any} */ l) => worst.includes(l.name)).map((/** @type {any} */ l) => [l.name, shares(l)]));
  const three = chart(steps, () => worst.map((name) => ({ name, colour: `var(--c${services.of(name)})`, values: failing.get(name) ?? [] })),
    { whole: 1, format: (v) => percent(v).join(' '), label: `Share of requests that failed: ${worst.join(', ') || 'none failed'}` }, (i) => ({ rows: worst.length ? worst.map((name) => [service(name),
      failing.get(name)?.[i] == null ? 'no request' : percent(failing.get(name)[i]).join(' ')]) : [['Failed', '0']] }));
  const byName = new Map(lines.map((/** @type {any} */ l) => [l.name, l]));
  const two = chart(steps, () => hot.map((name) => ({ name, colour: `var(--c${services.of(name)})`, values: byName.get(name)?.[values] ?? [] })),
    { format: durationTick, label: `${title} duration of ${hot.join(', ')}` }, (i) => ({ rows: hot.map((name) => [service(name),
      durationText(byName.get(name)?.[values][i])]) }));
  const panel = (/** @type {string} */ id, /** @type {string} */ title, /** @type {string} */ sub, /** @type {any} */ keys,
    /** @type {any} */ body) => h('section', { class: 'panel', 'aria-labelledby': id },
    h('header', {}, h('h2', { id }, title), h('span', { class: 'sub' }, sub), h('span', { class: 'end row wrap' }, keys)),
      h('div', { class: 'pad' }, body));
  const key = (/** @type {string} */ colour, /** @type {string} */ text) => h('span', { class: 'key', vars: { '--c': colour } }, text);
  return {
    element: h('div', { class: 'grid trio' }, panel('rq-title', 'Requests', 'all services, per second',
      [key('var(--base)', 'ok'), key('var(--err)', 'error')], one.host),
      panel('er-title', 'Errors', worst.length ? 'share of requests' : 'none failed', worst.map((name) => h('span', { class: 'small dim row' }, service(name))), three.host),
      panel('slow-title', `${title} duration`, found.slower.length ? 'slower ones first' : 'busiest services',
        hot.map((name) => h('span', { class: 'small dim row' }, service(name))), two.host)),
    stop() { one.stop(); two.stop(); three.stop(); },
  };
}

/** @param {any} steps @param {() => any[]} series @param {any} options @param {(i: number) => any} tell */
function chart(steps, series, options, tell) {
  const canvas = h('div', { class: 'chart-in' }), host = h('div', { class: 'chart svc-chart' }, canvas);
  /** @type {import('../charts/line.js').Frame | null} */
  let frame = null;
  const flags = markerLayer(host, () => frame);
  const watch = drawn(host, () => { frame = lineChart(canvas, steps, series(), { ...options, utc: utc.get() }); flags.draw(); });
  const off = hoverable(host, () => frame, tell, { steps: () => steps });
  return { host, stop() { watch.stop(); flags.stop(); off(); } };
}
