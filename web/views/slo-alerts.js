// @ts-check
// Burn alerts of an objective: who hears, and when, that the budget goes.
import { icon } from '../charts/svg.js';
import { whole } from '../model/format.js';
import { alertOf, conditionText } from '../model/slos.js';
import * as wire from '../wire/slos.js';
import { badge, fill, h, say, withLinks } from './dom.js';
import { field, select } from './forms.js';
import { popover } from './popover.js';
import { recipientField } from './recipient-field.js';
import { historyTable, toldTo } from './rules.js';
import { failed } from './states.js';

/** @param {wire.Detail} detail @param {() => void} again @returns {HTMLElement} */
export function alertsPanel(detail, again) {
  const add = h('button', { class: 'btn sm end', type: 'button', 'aria-haspopup': 'dialog', onclick: () => popover(add, 'New burn alert', (close) => form(detail.slo, () => { close(); again(); }), 420) }, icon('bell'), 'New burn alert');
  return h('section', { class: 'panel', 'aria-labelledby': 'burn-alerts' }, h('header', {}, h('h2', { id: 'burn-alerts' }, 'Burn alerts'), add), detail.alerts.length ? detail.alerts.map((one) => row(detail.slo, one, again))
    : h('p', { class: 'pad small faint' }, 'Nobody is told yet. A burn alert tells a webhook, an address, a chat or PagerDuty before the budget is gone, or when much of it goes at once.'));
}

/** @param {wire.SLO} slo @param {{alert: wire.BurnAlert, text: string}} one @param {() => void} again */
function row(slo, { alert, text }, again) {
  const below = h('div', { class: 'rule-below' });
  const act = (/** @type {string} */ name, /** @type {() => Promise<any>} */ run, quiet = false) => {
    const button = h('button', { class: `btn sm ${quiet ? 'ghost' : ''}`, type: 'button', onclick: async () => {
      button.disabled = true;
      try { await run(); } catch (error) { fill(below, failed(error)); }
      button.disabled = false;
    } }, name);
    return button;
  };
  const test = act('Test', async () => {
    const tried = await wire.testBurnAlert(slo, alert.id), late = tried.entries.filter((entry) => !entry.delivered);
    fill(below, h('p', { class: `pad ${late.length ? 't-err' : ''}`, role: 'status' }, !tried.entries.length ? 'Nobody is told.' : late.length ? `The test did not arrive: ${late[0].outcome}.`
      : `The test arrived: ${tried.entries.map((entry) => `${entry.outcome}, ${whole(entry.ms)} ms`).join('; ')}.`));
  });
  const history = act('History', async () => fill(below, historyTable((await wire.burnAlertHistory(slo, alert.id)).entries)));
  const remove = act('Delete', async () => { await wire.deleteBurnAlert(slo, alert.id); say('The burn alert is gone'); again(); }, true);
  return h('div', { class: 'notify', 'data-burn-alert': alert.id }, h('div', { class: 'notify-line burn-line' },
    h('div', { class: 'stack-1' }, h('div', { class: 'row wrap' }, h('b', {}, `When ${conditionText(alert)}`), badge(alert.triggered ? 'err' : 'ok', alert.triggered ? 'burning' : 'quiet')), alert.description && h('span', { class: 'small dim' }, withLinks(alert.description))),
    h('div', { class: `small ${alert.triggered ? 't-err' : 'dim'}` }, text),
    toldTo(alert.recipients),
    h('div', { class: 'row' }, test, history, remove)), below);
}

/** @param {wire.SLO} slo @param {() => void} done */
function form(slo, done) {
  const trouble = h('div', { class: 'trouble' }), to = recipientField();
  const percent = field('at least this part of the budget was spent', h('span', { class: 'input' }, h('input', { name: 'percent', inputmode: 'decimal', value: '5 %' })));
  const hours = h('input', { name: 'hours', required: true, inputmode: 'decimal', value: '4' }), hoursName = h('span', { class: 'small dim' }, 'so many hours');
  const type = select('type', { exhaustion_time: 'the budget will be spent within', budget_rate: 'much of the budget goes within' }, 'exhaustion_time', (value) => { percent.hidden = value !== 'budget_rate'; hours.value = value === 'budget_rate' ? '1' : '4'; });
  percent.hidden = true;
  const element = h('form', { class: 'stack alert-form', 'aria-label': 'New burn alert' }, field('Tell when', type), h('div', { class: 'row' }, h('label', { class: 'field' }, hoursName, h('span', { class: 'input' }, hours)), percent),
    to.element,
    field('What to do then', h('span', { class: 'input' }, h('input', { name: 'description', maxlength: 1023, placeholder: 'a link to the runbook' }))),
    trouble, h('div', { class: 'row end-row' }, h('button', { class: 'btn pri sm end', type: 'submit' }, 'Keep')));
  element.addEventListener('submit', async (/** @type {Event} */ event) => {
    event.preventDefault();
    const values = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(element))), read = alertOf(/** @type {any} */ (values));
    if ('trouble' in read) { fill(trouble, h('p', { class: 'small t-err', role: 'alert' }, read.trouble)); return; }
    try {
      const { id } = await to.settle(values.to);
      await wire.createBurnAlert(slo, { ...read.alert, description: values.description, recipients: [{ id }] });
      say('The burn alert is kept');
      done();
    } catch (error) { fill(trouble, h('p', { class: 'small t-err', role: 'alert' }, /** @type {Error} */ (error).message)); }
  });
  return element;
}
