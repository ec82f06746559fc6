// @ts-check
// Objectives: what was promised, what is left of the budget, and who is told before it is gone.
import { icon } from '../charts/svg.js';
import { sparkline } from '../charts/sparkline.js';
import { plural, whole } from '../model/format.js';
import { health, missingText, percentText, targetText } from '../model/slos.js';
import * as wire from '../wire/slos.js';
import { badge, fill, h, service } from './dom.js';
import { link, place, refresh } from './router.js';
import { sloForm } from './slo-form.js';
import { sloPage } from './slo.js';
import { empty, loader, skeleton } from './states.js';

const every = 30_000; // ms

/** @param {HTMLElement} host @returns {import('../app.js').Page} */
export function slosPage(host) {
  const { id } = place.get();
  return id === 'new' ? sloForm(host) : id ? sloPage(host, id) : listPage(host);
}

/** @param {HTMLElement} host @returns {import('../app.js').Page} */
function listPage(host) {
  const list = h('div', {}, skeleton(5)), load = loader();
  fill(host, h('div', { class: 'head' }, h('h1', {}, 'SLOs'), h('span', { class: 'sub' }, 'What was promised of a service, and how much of its error budget is left.'),
    h('span', { class: 'row end' }, h('a', { class: 'btn pri', href: link('/ui/slos/new') }, icon('plus'), 'New SLO'))),
  h('section', { class: 'panel', 'aria-label': 'SLOs' }, list));
  const read = () => load.run(list, (signal) => wire.slos(signal), ({ slos }) => fill(list, slos.length ? table(slos)
    : empty('No SLO yet.', ['Say which events are good, such as carts that open within half a second, and which share of them has to be. Cairn then tells how much of the budget is left.'],
      [h('a', { class: 'btn pri', href: link('/ui/slos/new') }, 'New SLO')])), () => skeleton(5));
  read();
  const stop = refresh.subscribe(read), timer = setInterval(() => { if (!document.hidden && !list.contains(document.activeElement)) read(); }, every);
  return { update() {}, close() { stop(); clearInterval(timer); load.stop(); } };
}

/** @param {wire.Standing[]} slos */
function table(slos) {
  return h('div', { class: 'scroll-x' }, h('table', { class: 'tbl list slos' }, h('thead', {}, h('tr', {}, ['SLO', 'Budget remaining', 'Budget over the period', 'Compliance', 'Target', 'Burn alerts']
    .map((name, i) => h('th', { scope: 'col', class: i === 3 || i === 4 ? 'num' : i === 2 ? 'hide-s' : '' }, name)))), h('tbody', {}, slos.map(row))));
}

/** @param {wire.Standing} one */
function row(one) {
  const { slo } = one, burning = one.alerts.filter((a) => a.alert.triggered).length;
  return h('tr', { 'data-slo': slo.id }, h('td', { class: 'wide' }, h('div', { class: 'stack-1' }, h('a', { class: 'b', href: link(`/ui/slos/${slo.id}`) }, slo.name),
    h('span', { class: 'row wrap small' }, slo.dataset_slugs.map((name) => service(name)), h('span', { class: 'mono faint' }, slo.sli.alias)), one.failure && h('span', { class: 'small t-err' }, one.failure), one.missing.length > 0 && h('span', { class: 'small t-warn' }, missingText(one.missing)))),
  h('td', { 'data-l': 'Budget remaining' }, budgetBar(slo.budget_remaining, one.good + one.bad > 0)),
  h('td', { class: 'hide-s' }, one.good + one.bad > 0 && burnLine(one)),
  h('td', { class: 'num', 'data-l': 'Compliance' }, one.good + one.bad ? percentText(slo.compliance) : h('span', { class: 'faint' }, '–')),
  h('td', { class: 'num', 'data-l': 'Target' }, h('span', { class: 'nowrap' }, targetText(slo.target_per_million)), h('div', { class: 'tiny faint nowrap' }, `of ${plural(slo.time_period_days, 'day')}`)),
  h('td', { 'data-l': 'Burn alerts' }, burning ? badge('err', `${whole(burning)} burning`) : one.alerts.length ? badge('ok', `${whole(one.alerts.length)} quiet`) : h('span', { class: 'faint' }, 'none')));
}

/** @param {wire.Standing} one the burn-down, from the least value that is shown up to 100 */
function burnLine(one) {
  const least = Math.min(0, ...one.burn_down.map((p) => p[1])), kind = health(one.slo.budget_remaining);
  return sparkline(one.burn_down.map((p) => p[1] - least), { width: 180, height: 28, colour: kind === 'err' ? 'var(--err)' : kind === 'warn' ? 'var(--warn)' : 'var(--c1)', filled: true, room: 1.05 });
}

/** @param {number} budget percent @param {boolean} counted @returns {HTMLElement} */
export function budgetBar(budget, counted) {
  if (!counted) return h('span', { class: 'faint' }, 'no events yet');
  const kind = health(budget);
  return h('div', { class: `budget ${kind}` }, h('span', { class: 'budget-track', 'aria-hidden': 'true' }, h('i', { vars: { width: `${Math.max(0, Math.min(100, budget))}%` } })),
    h('b', { class: `nowrap ${kind === 'err' ? 't-err' : kind === 'warn' ? 't-warn' : ''}` }, percentText(budget)));
}
