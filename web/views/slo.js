// @ts-check
// One objective: how its budget was spent, its history, the events that count, what the bad ones have in common, and who is told.
import { icon } from '../charts/svg.js';
import { plural, whole } from '../model/format.js';
import { filterTexts } from '../model/query.js';
import { health, missingText, percentText, readTarget, roomText, targetText } from '../model/slos.js';
import { rangeText } from '../model/time.js';
import * as wire from '../wire/slos.js';
import { badge, fill, h, say, service, withLinks } from './dom.js';
import { field, select } from './forms.js';
import { popover } from './popover.js';
import { go, link, range, refresh } from './router.js';
import { alertsPanel } from './slo-alerts.js';
import { chartPanels } from './slo-charts.js';
import { eventsPanels } from './slo-events.js';
import { budgetBar } from './slos.js';
import { failed, loader, skeleton } from './states.js';

const every = 30_000; // ms

/** @param {HTMLElement} host @param {string} id @returns {import('../app.js').Page} */
export function sloPage(host, id) {
  const top = h('div', { class: 'stack-4' }), events = h('div', { class: 'stack-4' }), load = loader();
  /** @type {(() => void)[]} */
  let stops = [];
  let pictures = /** @type {ReturnType<typeof eventsPanels> | null} */ (null), shown = '';
  fill(host, top, events);
  const draw = (/** @type {wire.Detail} */ detail) => {
    for (const stop of stops) stop();
    const charts = chartPanels(detail);
    stops = [charts.stop];
    fill(top, head(detail, read), figures(detail), charts.element, alertsPanel(detail, read));
    if (!pictures) { pictures = eventsPanels(detail); fill(events, pictures.element); }
  };
  const read = () => load.run(top, (signal) => wire.slo(id, signal), draw, () => h('div', { class: 'panel' }, skeleton(6, true)));
  read();
  const update = () => { const now = rangeText(range()); if (now !== shown) { shown = now; pictures?.read(); } };
  const stop = refresh.subscribe(() => { read(); pictures?.read(); });
  const timer = setInterval(() => { if (!document.hidden && !top.contains(document.activeElement)) read(); }, every);
  return { update, close() { stop(); clearInterval(timer); load.stop(); pictures?.stop(); for (const one of stops) one(); } };
}

/** @param {wire.Detail} detail the link to Explore: the events that count, the bad ones compared with the good ones */
export function exploreLink(detail, more = {}) {
  const { slo, datasets } = detail, sli = slo.sli.alias;
  return link('/ui/explore', { ds: datasets.length === 1 ? datasets[0] : '__all__', c: ['HEATMAP(duration_ms)', 'COUNT'], f: filterTexts([{ column: sli, op: 'exists' }]), sel: filterTexts([{ column: sli, op: '=', value: false }]), ...more });
}

/** @param {wire.Detail} detail @param {() => void} again */
function head(detail, again) {
  const { slo } = detail, burning = detail.alerts.filter((a) => a.alert.triggered).length, trouble = h('div', {});
  const remove = h('button', { class: 'btn ghost', type: 'button', onclick: async () => {
    if (remove.textContent === 'Delete') { remove.textContent = 'Delete for good?'; return; }
    try { await wire.deleteSLO(slo); say('The SLO is gone'); go(link('/ui/slos')); } catch (error) { fill(trouble, failed(error)); }
  } }, 'Delete');
  const edit = h('button', { class: 'btn', type: 'button', 'aria-haspopup': 'dialog', onclick: () => popover(edit, 'Change the SLO', (close) => changeForm(slo, () => { close(); again(); }), 380) }, 'Edit');
  return h('div', { class: 'stack' }, h('div', { class: 'head' }, h('a', { class: 'btn ghost sq', href: link('/ui/slos'), 'aria-label': 'All SLOs' }, icon('left')), h('h1', {}, slo.name),
    !detail.good && !detail.bad ? badge('', 'no events yet') : badge(health(slo.budget_remaining), slo.budget_remaining <= 0 ? 'budget spent' : health(slo.budget_remaining) === 'warn' ? 'budget low' : 'within budget'),
    burning > 0 && badge('err', `${plural(burning, 'burn alert')}`, 'bell'), h('span', { class: 'row end' }, h('a', { class: 'btn', href: exploreLink(detail) }, icon('explore'), 'Bad against good in Explore'), edit, remove)),
  slo.description && h('p', { class: 'dim' }, withLinks(slo.description)), detail.failure && h('div', { class: 'note err', role: 'alert' }, icon('err'), h('div', { class: 'grow' }, h('b', {}, 'The events could not be counted.'), h('span', { class: 'small' }, detail.failure))),
  detail.missing.length > 0 && h('div', { class: 'note warn', role: 'status' }, icon('warn'), h('div', { class: 'grow' }, h('b', {}, missingText(detail.missing)), h('span', { class: 'small' }, `The formula of ${slo.sli.alias} names ${detail.missing.length > 1 ? 'them' : 'it'}.`))), trouble);
}

/** @param {wire.Detail} detail */
function figures(detail) {
  const { slo, good, bad, allowed } = detail, one = (/** @type {string} */ name, /** @type {any} */ value, /** @type {any} */ below) => h('div', { class: 'slo-figure' }, h('span', { class: 'small dim' }, name), h('div', { class: 'slo-value' }, value), h('div', { class: 'small faint' }, below));
  return h('section', { class: 'panel slo-figures', 'aria-label': 'Standing' },
    one('Budget remaining', budgetBar(slo.budget_remaining, good + bad > 0), good + bad > 0 ? roomText({ allowed, bad }) : 'nothing is spent'),
    one('Compliance', h('b', {}, good + bad ? percentText(slo.compliance) : '–'), `of ${targetText(slo.target_per_million)} promised`),
    one('Events that count', h('b', {}, whole(good + bad)), [h('span', { class: bad ? 't-err' : '' }, `${whole(bad)} bad`), `, ${whole(good)} good`]),
    one('Period', h('b', {}, plural(slo.time_period_days, 'day')), 'rolling, up to now'),
    h('div', { class: 'slo-figure wide' }, h('span', { class: 'small dim' }, 'Good is'), h('code', { class: 'slo-formula' }, detail.expression || 'the derived column is gone'),
      h('div', { class: 'row wrap small' }, h('span', { class: 'mono faint' }, slo.sli.alias), 'in', slo.dataset_slugs.map((name) => service(name)))));
}

/** @param {wire.SLO} slo @param {() => void} done */
function changeForm(slo, done) {
  const trouble = h('div', { class: 'trouble' }), days = [...new Set([1, 7, 14, 28, 30, 60, 90, slo.time_period_days])].sort((a, b) => a - b);
  const text = (/** @type {string} */ name, /** @type {string} */ value, more = {}) => h('span', { class: 'input' }, h('input', { name, value, ...more }));
  const element = h('form', { class: 'stack alert-form', 'aria-label': 'Change the SLO' }, field('Name', text('name', slo.name, { required: true, maxlength: 120 })), field('Description', text('description', slo.description, { maxlength: 1023 })),
    h('div', { class: 'row' }, field('Good are at least', text('target', targetText(slo.target_per_million), { required: true, inputmode: 'decimal' })), field('over the last', select('days', Object.fromEntries(days.map((n) => [String(n), plural(n, 'day')])), String(slo.time_period_days)))),
    trouble, h('div', { class: 'row end-row' }, h('button', { class: 'btn pri sm end', type: 'submit' }, 'Keep')));
  element.addEventListener('submit', async (/** @type {Event} */ event) => {
    event.preventDefault();
    const values = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(element))), target = readTarget(values.target);
    if (target === null) { fill(trouble, h('p', { class: 'small t-err', role: 'alert' }, 'The share of good events is from 0 up to less than 100 %.')); return; }
    try {
      await wire.changeSLO(slo, { name: values.name, description: values.description, time_period_days: Number(values.days), target_per_million: target });
      say('The SLO is changed');
      done();
    } catch (error) { fill(trouble, h('p', { class: 'small t-err', role: 'alert' }, /** @type {Error} */ (error).message)); }
  });
  return element;
}
