// @ts-check
// Home: first the finding in words, then the two pictures, then every service.
import { sparkline } from '../charts/sparkline.js';
import { duration, durationText, percent, plural, rate, times, whole } from '../model/format.js';
import { failingMuch, findings, shares, slowBox } from '../model/findings.js';
import { boxText } from '../model/heatbox.js';
import { filterTexts } from '../model/query.js';
import * as api from '../wire/api.js';
import { colourOf, figure, fill, h, service } from './dom.js';
import { readMarkers } from './markers.js';
import { go, link, place, range, refresh, time, utc } from './router.js';
import { clock, rangeText } from '../model/time.js';
import { datasets } from './catalog.js';
import { empty, loader, skeleton } from './states.js';
import { teach } from './teach.js';
import { lookBack } from './services-before.js';
import { serviceCharts } from './services-charts.js';

/** @typedef {import('../model/findings.js').Service & {change: number | null, slower: import('../model/findings.js').Quantile | null, line: import('../model/findings.js').Line | undefined}} Row */

/** Columns of the table: [key, head, value to sort by, greatest first]. @type {[string, string, (row: Row) => number | string][]} */
const heads = [['name', 'Service', (r) => r.name], ['rate', 'Rate', (r) => r.rate_per_s], ['errors', 'Errors', (r) => r.error_rate],
  ['p95', 'P95', (r) => r.p95_ms ?? -1],
  ['change', 'since start', (r) => r.change ?? -Infinity], ['p50', 'P50', (r) => r.p50_ms ?? -1], ['p99', 'P99', (r) => r.p99_ms ?? -1]];

/** @param {HTMLElement} host @returns {import('../app.js').Page} */
export function servicesPage(host) {
  const body = h('div', { class: 'stack-4' }), load = loader(), before = lookBack();
  fill(host, h('h1', { class: 'sr' }, 'Services'), body);
  let asked = '', find = '', sort = 'rate', down = true, charts = /** @type {{stop: () => void} | null} */ (null);
  const read = () => { readMarkers(api.everything); return load.run(body, (signal) => api.services(time(), signal), draw, waiting); };
  const draw = (/** @type {any} */ answer) => {
    charts?.stop();
    charts = null;
    if (!answer.services.length) { fill(body, nothing()); return; }
    withoutPartial(answer);
    const found = findings(answer.series.services), lines = new Map(answer.series.services.map((/** @type {any} */ l) => [l.name, l])), slower = new Map(found.slower.map((s) => [s.name, s.at]));
    const rows = answer.services.map((/** @type {any} */ s) => ({ ...s, change: found.changes.get(s.name) ?? null, slower: slower.get(s.name) ?? null, line: lines.get(s.name) }));
    const table = h('div');
    const redraw = () => fill(table, serviceTable(rows, { find, sort, down }, (next) => { ({ sort, down } = next); redraw(); }));
    const input = h('input', { placeholder: 'Filter', size: 14, 'data-find': true, 'aria-label': 'Filter services',
      oninput: () => { find = input.value.trim().toLowerCase(); redraw(); } });
    input.value = find;
    const drawnCharts = serviceCharts(answer, found);
    charts = drawnCharts;
    fill(body, lead(found, rows, answer.series), drawnCharts.element, h('section', { class: 'panel', 'aria-labelledby': 'services-title' },
      h('header', {}, h('h2', { id: 'services-title' }, 'Services'), h('span', { class: 'sub' },
        `${whole(rows.length)}, requests are spans of kind server or consumer, or roots`),
        h('label', { class: 'input end hide-s small-input' }, input, h('kbd', {}, 'f'))), table));
    redraw();
    const told = body.querySelector('.lead [data-before]');
    if (told) before.tell(/** @type {HTMLElement} */ (told));
  };
  const update = () => { const now = rangeText(range()); if (now !== asked) { asked = now; read(); } };
  update();
  const stop = refresh.subscribe(read);
  return { update, close() { stop(); load.stop(); before.stop(); charts?.stop(); } };
}

/** The last step may still fill; drawn, it would look like a fall. @param {any} answer */
function withoutPartial({ series }) {
  const end = series.start_us + series.count * series.step_us, now = Math.min(time().end * 1e6, Date.now() * 1000);
  if (series.count < 4 || end <= now) return;
  series.count -= 1;
  for (const line of series.services) for (const key of ['requests', 'errors', 'p95_ms', 'p99_ms']) line[key] = line[key].slice(0, series.count);
}

/** @param {any} found @param {Row[]} rows @param {any} series @returns {HTMLElement} a sentence, each clause a link to its evidence */
function lead(found, rows, series) {
  const evidence = (/** @type {string} */ name, /** @type {object} */ more = {}) => link('/ui/explore',
    { f: filterTexts([{ column: 'service.name', op: '=', value: name }]), ...more });
  const parts = [];
  // When it began, with a link to the time around that.
  const since = (/** @type {number | null} */ step) => {
    if (step == null) return '';
    const us = series.start_us + step * series.step_us, pad = Math.max(600, series.step_us / 1e6 * 5);
    return [', since ', h('a', { href: link('/ui/services', { t: `${Math.floor(us / 1e6 - pad)}..${Math.ceil(Math.min(time().end, us / 1e6 + pad))}` }) }, clock(us, utc.get(), 'minute'))];
  };
  // From a service that fails to what the failures are, and to what they have in common.
  const more = (/** @type {string} */ name) => [' See its ', h('a', { href: link('/ui/errors', { project: name, t: rangeText(range()) }) }, 'errors'), ' and ',
    h('a', { href: evidence(name) }, 'what the failures have in common'), '.'];
  // What got slower, in a box of the heatmap: BubbleUp tells at once what is special about it.
  const boxed = (/** @type {any} */ s) => evidence(s.name, { box: boxText(slowBox(s, series)) });
  const [slow] = found.slower, [fail] = found.failing;
  if (slow) {
    parts.push(h('b', {}, service(slow.name), ` is ${slow.factor.toFixed(1)} times slower at ${slow.at.toUpperCase()}`), ' than when this range began: ',
      h('a', { href: link('/ui/traces', { service: slow.name, min: String(Number(slowBox(slow, series).min.toPrecision(3))), order: 'slowest' }) }, `${durationText(slow.after)}, was ${durationText(slow.before)}`), since(slow.since), '. See ',
      h('a', { href: boxed(slow) }, 'what its slow requests have in common'), '. ');
    const alike = found.slower.filter((/** @type {any} */ s) => s.at === slow.at).slice(1), tails = found.slower.slice(1 + alike.length);
    const names = (/** @type {any[]} */ all) => [all.slice(0, 2).map((s, i) => [i ? ' and ' : '', h('a', { href: boxed(s) }, s.name)]), all.length > 2 ? ` and ${all.length - 2} more. ` : '. '];
    if (alike.length) parts.push(`So ${alike.length === 1 ? 'is' : 'are'} `, names(alike));
    if (tails.length) parts.push('At P99 alone: ', names(tails));
  }
  const [much, ...others] = failingMuch(rows, found.failing), isWorse = much && (!fail || much.surely > fail.surely);
  const told = {
    fail: () => parts.push(h('b', {}, service(fail.name), ' fails more often'), ': ', h('a', { href: link('/ui/traces', { service: fail.name, error: '1' }) },
      `${percent(fail.after).join(' ')} of its requests, was ${percent(fail.before).join(' ')}`), since(fail.since), '.', isWorse ? '' : more(fail.name), ' '),
    much: () => {
      parts.push(h('b', {}, service(much.name), ` fails ${percent(much.error_rate).join(' ')} of its requests`), ': ',
        h('a', { href: link('/ui/traces', { service: much.name, error: '1' }) }, `${whole(much.errors)} of ${whole(much.requests)}`), '.', isWorse ? more(much.name) : '', ' ');
      if (others.length) parts.push('Above 5 % too: ', others.slice(0, 3).map((s, i) => [i ? ', ' : '', h('a', { href: link('/ui/traces', { service: s.name, error: '1' }) }, s.name)]),
        others.length > 3 ? ` and ${others.length - 3} more. ` : '. ');
    },
  };
  if (isWorse) told.much();
  if (fail) told.fail();
  if (much && !isWorse) told.much();
  if (!parts.length) {
    const requests = rows.reduce((sum, r) => sum + r.requests, 0), errors = rows.reduce((sum, r) => sum + r.errors, 0);
    parts.push(h('b', {}, 'Nothing got slower or fails more'), ` since this range began: ${plural(requests, 'request')}, `,
      errors ? h('a', { href: link('/ui/traces', { error: '1' }) }, `${percent(errors / requests).join(' ')} failed`) : 'none failed', '.', h('span', { 'data-before': true }));
  }
  return h('p', { class: 'lead' }, parts);
}

/** @param {Row[]} rows @param {{find: string, sort: string, down: boolean}} state @param {(next: {sort: string, down: boolean}) => void} change */
function serviceTable(rows, { find, sort, down }, change) {
  const by = /** @type {any} */ (heads.find(([key]) => key === sort))[2];
  const list = rows.filter((r) => r.name.toLowerCase().includes(find)).sort((a, b) => {
    const [x, y] = [by(a), by(b)], order = typeof x === 'string' ? x.localeCompare(y) : x - y;
    return (down ? -order : order) || a.name.localeCompare(b.name);
  });
  const head = heads.map(([key, text], i) => h('th', { class: `${i ? 'num' : ''} ${i > 4 ? 'hide-m' : ''}`, scope: 'col',
    'aria-sort': sort === key ? (down ? 'descending' : 'ascending') : null },
    h('button', { type: 'button', onclick: () => change({ sort: key, down: sort === key ? !down : key !== 'name' }) }, text)));
  if (!list.length) return empty('No service has this name.', ['Nothing contains ', h('span', { class: 'chip mono' }, find), '.']);
  return h('table', { class: 'tbl list' }, h('thead', {}, h('tr', {}, head, h('th', { class: 'hide-s' }, h('span', { class: 'sr' }, 'Traces')))),
    h('tbody', {}, list.map(row)));
}

/** @param {Row} r */
function row(r) {
  const failing = r.error_rate >= 0.01, slower = r.slower === 'p95', tail = r.slower === 'p99';
  const to = link('/ui/explore', { f: filterTexts([{ column: 'service.name', op: '=', value: r.name }]) });
  const rates = r.line ? shares(r.line) : [];
  const cell = (/** @type {any} */ picture, /** @type {any} */ value) => h('span', { class: 'cell' }, picture, h('span', { class: 'v' }, value));
  return h('tr', { class: 'go', onclick: (/** @type {MouseEvent} */ e) => { if (!/** @type {HTMLElement} */ (e.target).closest('a')) go(to); } },
    h('td', {}, h('a', { href: to, class: 'inkless', 'data-row': true, vars: colourOf(r.name) }, service(r.name))),
    h('td', { class: 'num hide-s' }, cell(r.line && sparkline(r.line.requests, { room: 1.5 }), figure(rate(r.rate_per_s)))),
    h('td', { class: 'num', 'data-l': 'errors' }, cell(r.line && sparkline(rates, { colour: failing ? 'var(--err)' : 'var(--ink3)', filled: failing,
      room: failing ? 1.08 : Math.max(1.1, 0.02 / Math.max(0.0001, ...rates.map((x) => x ?? 0))) }),
      r.errors ? h('a', { class: 'fails', href: link('/ui/traces', { service: r.name, error: '1' }), title: `${whole(r.errors)} of ${whole(r.requests)} requests failed: their traces` },
        figure(percent(r.error_rate), failing ? 't-err b' : '')) : figure(percent(r.error_rate)))),
    h('td', { class: 'num', 'data-l': 'P95' }, cell(r.line && sparkline(r.line.p95_ms, { colour: slower ? 'var(--warn-ink)' : 'var(--ink3)',
      filled: slower, room: slower ? 1.08 : 1.6 }), figure(duration(r.p95_ms), slower ? 'b' : '')),
      tail && h('span', { class: 'slow-tail small t-warn b' }, '▲ P99 ', figure(duration(r.p99_ms)))),
    h('td', { class: `num hide-s ${slower ? 't-warn b' : 'dim'}` }, r.change == null ? '–' : [slower ? '▲ ' : '', figure(times(r.change))]),
    h('td', { class: 'num hide-m' }, figure(duration(r.p50_ms))), h('td', { class: `num hide-m ${tail ? 't-warn b' : ''}` }, tail ? '▲ ' : '', figure(duration(r.p99_ms))),
    h('td', { class: 'num hide-s' }, h('span', { class: 'row ways' }, way('/ui/traces', { service: r.name }, 'Traces', r.name),
      way('/ui/errors', { project: r.name, t: rangeText(range()) }, 'Errors', r.name), way('/ui/logs', { g: r.name }, 'Logs', r.name))));
}

/** @param {string} path @param {Record<string, string>} more @param {string} what @param {string} name */
function way(path, more, what, name) { return h('a', { class: 'small', href: link(path, more), 'aria-label': `${what} of ${name}` }, what.toLowerCase()); }

function nothing() {
  if (!datasets.get().length) return teach('No service has sent anything yet.',
    ['A service appears here with its first span: its rate, its errors and how long it takes. Set this in its environment and start it again:']);
  const wide = place.get().params.get('t') !== '7d' && h('a', { class: 'btn', href: link('/ui/services', { t: '7d' }) }, 'Look in 7 d');
  return h('div', { class: 'panel' }, empty('No service sent anything in this time.',
    ['A service appears here with its first span: its rate, its errors and how long it takes. One line in its environment is enough; ',
    h('span', { class: 'nowrap' }, 'the page Send data has it with this server’s address.')],
      [h('a', { class: 'btn pri', href: link('/ui/send') }, 'Send data'), wide]));
}

function waiting() { return h('div', { class: 'stack-4' }, h('div', { class: 'skel', vars: { width: '60%', height: '22px' } }),
  h('div', { class: 'panel' }, skeleton(1, true)), h('div', { class: 'panel' }, skeleton(9))); }
