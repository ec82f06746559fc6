// @ts-check
// Notification rules: when to tell of an item and where, edited in place, with a test and what came of the deliveries.
import { icon } from '../charts/svg.js';
import { plural, whole } from '../model/format.js';
import { channels, filterNames, filterText, operations, periods, ruleOf, standing, targetHint, targetText, triggers } from '../model/rules.js';
import * as wire from '../wire/rules.js';
import { when } from './error-parts.js';
import { badge, fill, h, say, service } from './dom.js';
import { field, select } from './forms.js';
import { link, refresh } from './router.js';
import { empty, failed, loader, skeleton } from './states.js';

/** @typedef {import('../model/rules.js').Rule} Rule */

/** @param {HTMLElement} host @returns {import('../app.js').Page} */
export function rulesPage(host) {
  const list = h('div', { class: 'rules' }, skeleton(5)), trouble = h('div', { class: 'trouble', role: 'status' }), load = loader();
  const add = h('button', { class: 'btn', type: 'button', onclick: () => edit(null) }, icon('plus'), 'New rule');
  fill(host, h('div', { class: 'head' }, h('a', { class: 'btn ghost sq', href: link('/ui/errors'), 'aria-label': 'Errors' }, icon('left')), h('h1', {}, 'Notifications'),
    h('span', { class: 'sub' }, 'Of each item and deploy that meets a rule, one message. New items of one family are told once an hour.'), h('span', { class: 'row end' }, h('a', { class: 'btn', href: link('/ui/triggers') }, 'Triggers'), add)),
  trouble, h('section', { class: 'panel', 'aria-label': 'Rules' }, list));
  let /** @type {any} */ known = null, isEditing = false;
  const draw = () => {
    if (isEditing || !known) return;
    fill(trouble);
    fill(list, known.rules.length ? known.rules.map((/** @type {Rule} */ rule) => ruleRow(rule, edit, read)) : empty('No rule yet.', ['A rule sends a webhook, a Slack message, a mail or a page (PagerDuty) when an item is new, comes back or comes often.'],
      [h('button', { class: 'btn pri', type: 'button', onclick: () => edit(null) }, 'Make the first rule')]));
  };
  const read = () => load.run(list, (signal) => wire.notificationRules(signal), (answer) => { known = answer; draw(); }, () => skeleton(5));
  function edit(/** @type {Rule | null} */ rule) {
    if (!known) return;
    isEditing = true;
    const done = (/** @type {string} */ says) => { isEditing = false; say(says); read(); };
    fill(list, ruleForm(rule, known, {
      save: async (changed) => { await (rule ? wire.updateRule(rule.id, changed) : wire.createRule(changed)); done('The rule is kept'); },
      remove: async () => { if (rule) await wire.deleteRule(rule.id); done('The rule is gone'); },
      cancel: () => { isEditing = false; draw(); add.focus(); },
    }));
    list.querySelector('select')?.focus();
  }
  read();
  const stop = refresh.subscribe(() => { if (!isEditing) read(); });
  return { update() {}, close() { stop(); load.stop(); } };
}

/** @param {Rule} rule @param {(rule: Rule) => void} edit @param {() => void} again */
function ruleRow(rule, edit, again) {
  const state = standing(rule), below = h('div', { class: 'rule-below' });
  const test = h('button', { class: 'btn sm', type: 'button', onclick: async () => {
    test.disabled = true;
    try {
      const tried = await wire.testRule(rule.id);
      fill(below, h('p', { class: `pad ${tried.delivered ? '' : 't-err'}`, role: 'status' }, tried.delivered ? `The test arrived: ${tried.outcome}, ${whole(tried.ms)} ms.` : `The test did not arrive: ${tried.outcome}.`));
    } catch (error) { fill(below, failed(error)); }
    test.disabled = false;
  } }, 'Test');
  const history = h('button', { class: 'btn sm', type: 'button', 'aria-expanded': false, onclick: async () => {
    const opens = history.getAttribute('aria-expanded') !== 'true';
    history.setAttribute('aria-expanded', String(opens));
    if (!opens) { fill(below); return; }
    fill(below, skeleton(3));
    try { fill(below, historyTable((await wire.ruleHistory(rule.id)).entries)); } catch (error) { fill(below, failed(error, again)); }
  } }, 'History');
  return h('div', { class: 'notify', 'data-rule': String(rule.id) }, h('div', { class: 'notify-line' },
    h('div', { class: 'stack-1' }, h('div', { class: 'row wrap' }, h('b', {}, triggers[rule.trigger] ?? rule.trigger), badge(state.kind, state.word)),
      h('div', { class: 'row wrap small dim' }, service(rule.project), rule.filters.map((filter) => h('span', { class: 'chip' }, filterText(filter))))),
    h('div', { class: 'small target' }, h('span', { class: 'faint' }, `${channels[rule.channel] ?? rule.channel} `), h('span', { class: 'mono' }, targetText(rule))),
    h('div', { class: 'small dim nowrap' }, rule.last ? ['last ', when(rule.last.unix_ms * 1000)] : '', rule.last ? h('div', {}, plural(rule.delivered, 'delivery', 'deliveries')) : ''),
    h('div', { class: 'row' }, test, history, h('button', { class: 'btn sm', type: 'button', onclick: () => edit(rule) }, 'Edit'))), below);
}

/** @param {any[]} entries */
export function historyTable(entries) {
  if (!entries.length) return h('p', { class: 'pad dim' }, 'Nothing has been sent yet.');
  return h('table', { class: 'tbl dense list' }, h('thead', {}, h('tr', {}, ['When', 'Of', 'Try', 'Outcome'].map((text) => h('th', { scope: 'col' }, text)))),
    h('tbody', {}, entries.map((entry) => h('tr', {}, h('td', {}, when(entry.unix_ms * 1000)), h('td', {}, entry.subject), h('td', { class: 'num', 'data-l': 'try' }, entry.attempt || '–'),
      h('td', { class: entry.delivered ? '' : entry.attempt ? 't-err' : 'dim' }, entry.outcome, !entry.delivered && !entry.final && ', will be tried again')))));
}

/** @param {Rule | null} rule @param {any} known @param {{save: (rule: object) => Promise<void>, remove: () => Promise<void>, cancel: () => void}} act */
function ruleForm(rule, known, act) {
  const trouble = h('div', { class: 'trouble' }), filters = (rule?.filters ?? []).filter((f) => f.type !== 'rate'), rate = rule?.filters.find((f) => f.type === 'rate');
  const rows = [...filters, { type: '', operation: 'gte', value: '' }, { type: '', operation: 'eq', value: '' }].slice(0, Math.max(2, filters.length + 1));
  const rateFields = h('div', { class: 'fields', hidden: rule?.trigger !== 'occurrence_rate' }, field('At least', h('span', { class: 'input' }, h('input', { name: 'count', type: 'number', min: 1, value: String(rate?.count ?? 100) })), 'occurrences'),
    field('Within', select('period', Object.fromEntries(Object.entries(periods)), String(rate?.period ?? 300))));
  const target = h('input', { name: 'target', value: rule?.target.join(', ') ?? '', required: true, spellcheck: false }), hint = h('span', { class: 'tiny faint' });
  const says = (/** @type {string} */ channel) => { hint.textContent = targetHint(channel, known.mail); };
  const channel = select('channel', channels, rule?.channel ?? 'webhook', says);
  says(channel.value);
  const form = h('form', { class: 'rule-form', 'aria-label': rule ? 'Rule' : 'New rule' },
    h('div', { class: 'fields' }, field('Project or service', select('project', Object.fromEntries(known.projects.map((/** @type {string} */ p) => [p, p])), rule?.project ?? known.projects[0] ?? '')),
      field('Tell of', select('trigger', triggers, rule?.trigger ?? 'new_item', (value) => { rateFields.hidden = value !== 'occurrence_rate'; })), field('By', channel),
      h('label', { class: 'field wide' }, h('span', { class: 'small dim' }, 'To'), h('span', { class: 'input' }, target), hint)), rateFields,
    h('fieldset', { class: 'stack-1 rule-filters' }, h('legend', { class: 'small dim' }, 'Only where all of these hold'), rows.map((filter, i) => h('div', { class: 'row wrap' },
      select(`type${i}`, { '': '–', ...Object.fromEntries(known.filters.filter((/** @type {string} */ f) => f !== 'rate').map((/** @type {string} */ f) => [f, filterNames[f] ?? f])) }, filter.type),
      select(`operation${i}`, operations, filter.operation ?? 'eq'), h('span', { class: 'input' }, h('input', { name: `value${i}`, value: String(filter.value ?? ''), 'aria-label': `Value ${i + 1}` }))))),
    h('label', { class: 'row' }, h('input', { type: 'checkbox', name: 'enabled', checked: rule?.status !== 'disabled' }), 'On'), trouble,
    h('div', { class: 'row wrap' }, h('button', { class: 'btn pri', type: 'submit' }, 'Keep'), h('button', { class: 'btn ghost', type: 'button', onclick: act.cancel }, 'Cancel'),
      rule && h('button', { class: 'btn ghost t-err end', type: 'button', onclick: () => act.remove().catch((/** @type {any} */ error) => fill(trouble, failed(error))) }, 'Delete the rule')));
  form.addEventListener('submit', (/** @type {Event} */ event) => {
    event.preventDefault();
    const values = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)));
    act.save(ruleOf(values, rows.length)).catch((/** @type {any} */ error) => fill(trouble, failed(error)));
  });
  return form;
}

/** Who hears of an alert. @param {{type: string, target: string}[]} recipients @param {string} [trouble] why mails do not arrive @returns {HTMLElement} */
export function toldTo(recipients, trouble) {
  return h('div', { class: 'small target' }, recipients.length ? recipients.map((r) => h('div', {}, h('span', { class: 'faint' }, `${r.type} `), h('span', { class: 'mono' }, r.target), r.type === 'email' && trouble && h('div', { class: 't-warn' }, trouble)))
    : h('span', { class: 'faint' }, 'nobody is told'));
}
