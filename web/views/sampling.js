// @ts-check
// Sampling: the rules that X-Ray's clients fetch, to be edited in place, with what the clients report of each, live.
import { icon } from '../charts/svg.js';
import { keptBars } from '../charts/kept-bars.js';
import { plural, whole } from '../model/format.js';
import { byPriority, trends, ruleChanges } from '../model/sampling.js';
import * as xray from '../wire/xray.js';
import { badge, fill, h, say } from './dom.js';
import { empty, failed, skeleton } from './states.js';
import { isAbort } from '../wire/http.js';

/** @typedef {import('../model/sampling.js').Rule} Rule */

const every = 5000; // ms
/** @type {[keyof Rule, string, string][]} matchers, their names, and what they match */
const matchers = [['ServiceName', 'Service', 'the name of the segment'], ['ServiceType', 'Type', 'the origin, such as AWS::EC2::Instance'],
  ['Host', 'Host', 'the Host header'], ['HTTPMethod', 'Method', ''], ['URLPath', 'Path', 'of the request'], ['ResourceARN', 'Resource', '']];

/** @param {HTMLElement} host @returns {import('../app.js').Page} */
export function samplingPage(host) {
  const trouble = h('div', { class: 'trouble', role: 'status' }), list = h('div', { class: 'rules' }, skeleton(6));
  const add = h('button', { class: 'btn', type: 'button', onclick: () => edit(null) }, icon('plus'), 'New rule');
  fill(host, h('div', { class: 'head' }, h('h1', {}, 'Sampling'), h('span', { class: 'sub' },
    'Rules for X-Ray’s clients, tried from the top; the first that matches decides. Clients see a change within ten seconds.'),
  h('span', { class: 'row end' }, add)), trouble, h('section', { class: 'panel', 'aria-label': 'Rules' }, list));
  const abort = new AbortController();
  /** @type {{rules: Rule[], trends: Map<string, import('../model/sampling.js').Trend>} | null} */
  let known = null;
  let editing = '', timer = 0, stopped = false;
  const draw = () => {
    if (!known || editing) return;
    fill(trouble);
    const { rules, trends: of } = known;
    fill(list, rules.length > 1 ? rules.map((rule) => ruleRow(rule, of.get(rule.RuleName), edit)) : [
      ...rules.map((rule) => ruleRow(rule, of.get(rule.RuleName), edit)),
      empty('Only the default rule.', ['Every client keeps the reservoir’s requests a second and the rate of the rest. A rule of its own for one service or path keeps more of what matters, and less of what does not.'])]);
  };
  const read = async () => {
    const [rules, statistics] = await Promise.all([xray.samplingRules(abort.signal), xray.samplingStatistics(abort.signal)]);
    known = { rules: byPriority(rules), trends: trends(statistics, Date.now() / 1000) };
    draw();
  };
  const poll = async () => {
    if (!document.hidden) try { await read(); } catch (error) { if (isAbort(error)) return; fill(trouble, failed(error)); }
    if (!stopped) timer = window.setTimeout(poll, every);
  };
  function edit(/** @type {Rule | null} */ rule) {
    editing = rule?.RuleName ?? ' new';
    const done = async (/** @type {string} */ says) => { editing = ''; say(says); await read().catch((error) => fill(trouble, failed(error))); };
    fill(list, ruleForm(rule, { save: async (changed) => {
      if (rule) await xray.updateSamplingRule(ruleChanges(rule, changed)); else await xray.createSamplingRule(changed);
      await done(`Rule ${changed.RuleName} is kept`);
    }, remove: async () => { if (rule) await xray.deleteSamplingRule(rule.RuleName); await done('The rule is gone'); },
    cancel: () => { editing = ''; draw(); add.focus(); } }));
    list.querySelector('input')?.focus();
  }
  poll();
  return { update() {}, close() { stopped = true; clearTimeout(timer); abort.abort(); } };
}

/** @param {Rule} rule @param {import('../model/sampling.js').Trend | undefined} trend @param {(rule: Rule) => void} edit */
function ruleRow(rule, trend, edit) {
  const wanted = matchers.filter(([key]) => rule[key] !== '*').map(([key, name]) => h('span', { class: 'match' }, h('span', { class: 'faint' }, name),
    h('span', { class: 'mono' }, String(rule[key]))));
  return h('div', { class: 'rule', 'data-rule': rule.RuleName }, h('span', { class: 'prio num faint' }, rule.Priority),
    h('div', { class: 'stack-1' }, h('div', { class: 'row wrap' }, h('b', {}, rule.RuleName), rule.SamplingRateBoost && badge('info',
      `boost to ${percentText(rule.SamplingRateBoost.MaxRate)}`)), h('div', { class: 'row wrap small' }, wanted.length ? wanted :
      h('span', { class: 'faint' }, 'every request'))),
    h('div', { class: 'small keeps' }, h('b', {}, `${whole(rule.ReservoirSize)}/s`), h('span', { class: 'faint' }, ' then '),
      h('b', {}, percentText(rule.FixedRate))),
    h('div', { class: 'trend' }, trend ? [keptBars(trend.requests, trend.kept, `${rule.RuleName}: requests and kept, last ten minutes`),
      h('span', { class: 'small nowrap' }, `${whole(trend.keptCount)} of ${plural(trend.requestCount, 'request')}`)] :
      h('span', { class: 'small faint' }, 'no client reported yet')),
    h('button', { class: 'btn sm', type: 'button', 'aria-label': `Edit ${rule.RuleName}`, onclick: () => edit(rule) }, 'Edit'));
}

/** @param {number} rate */
function percentText(rate) { return `${Number((rate * 100).toFixed(3))} %`; }

/** @param {Rule | null} rule @param {{save: (rule: Rule) => Promise<void>, remove: () => Promise<void>, cancel: () => void}} act */
function ruleForm(rule, act) {
  const isDefault = rule?.RuleName === 'Default', trouble = h('div', { class: 'trouble' });
  const field = (/** @type {string} */ name, /** @type {any} */ value, /** @type {Record<string, any>} */ { title = name, hint = '', ...more } = {}) => h('label',
    { class: 'field' }, h('span', { class: 'small dim' }, title), h('span', { class: 'input' }, h('input', { name, value, required: true, ...more })),
    hint && h('span', { class: 'tiny faint' }, hint));
  const form = h('form', { class: 'rule-form', 'aria-label': rule ? `Rule ${rule.RuleName}` : 'New rule' },
    h('div', { class: 'fields' }, field('RuleName', rule?.RuleName ?? '', { title: 'Name', maxlength: 32, readonly: rule != null }),
      field('Priority', rule?.Priority ?? 100, { type: 'number', min: 1, max: isDefault ? 10000 : 9999, readonly: isDefault, hint: 'lower is tried first' }),
      field('ReservoirSize', rule?.ReservoirSize ?? 1, { title: 'Reservoir', type: 'number', min: 0, hint: 'requests a second, over all clients' }),
      field('FixedRate', rule ? Number((rule.FixedRate * 100).toFixed(6)) : 5, { title: 'Rate of the rest, %', type: 'number', min: 0, max: 100, step: 'any' })),
    !isDefault && h('div', { class: 'fields' }, matchers.map(([key, name, hint]) => field(key, rule?.[key] ?? '*', { title: name,
      maxlength: key === 'URLPath' ? 128 : 500, hint: hint && `${hint}; * and ? are wildcards` }))), trouble,
    h('div', { class: 'row wrap' }, h('button', { class: 'btn pri', type: 'submit' }, 'Keep'), h('button', { class: 'btn ghost', type: 'button',
      onclick: act.cancel }, 'Cancel'), rule && !isDefault && h('button', { class: 'btn ghost t-err end', type: 'button',
      onclick: () => act.remove().catch((/** @type {any} */ error) => fill(trouble, failed(error))) }, 'Delete the rule')));
  form.addEventListener('submit', (/** @type {Event} */ event) => {
    event.preventDefault();
    const data = Object.fromEntries(new FormData(form));
    /** @type {any} */
    const changed = { Version: 1, ...Object.fromEntries(matchers.map(([key]) => [key, '*'])), ...data, Priority: Number(data.Priority),
      ReservoirSize: Number(data.ReservoirSize), FixedRate: Number(data.FixedRate) / 100 };
    act.save(changed).catch((/** @type {any} */ error) => fill(trouble, failed(error)));
  });
  return form;
}
