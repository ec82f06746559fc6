// @ts-check
// Triggers: the questions that are asked again and again, how each stands, and who hears of it.
import { ago, figure as asFigure, whole } from '../model/format.js';
import { missingText } from '../model/slos.js';
import { conditionText, rhythmText, watched } from '../model/triggers.js';
import * as wire from '../wire/triggers.js';
import { badge, fill, h, say, service, withLinks } from './dom.js';
import { calculationUnit } from './explore-lines.js';
import { link, refresh } from './router.js';
import { historyTable, toldTo } from './rules.js';
import { empty, failed, loader, skeleton } from './states.js';

/** @param {HTMLElement} host @returns {import('../app.js').Page} */
export function triggersPage(host) {
  const list = h('div', { class: 'rules' }, skeleton(5)), load = loader();
  fill(host, h('div', { class: 'head' }, h('h1', {}, 'Triggers'),
    h('span', { class: 'sub' }, 'Questions that are asked again and again; whoever is named hears when the threshold is crossed, and when it is over.'),
    h('span', { class: 'row end' }, h('a', { class: 'btn', href: link('/ui/rules') }, 'Notifications of errors'))),
  h('section', { class: 'panel', 'aria-label': 'Triggers' }, list));
  const read = () => load.run(list, (signal) => wire.triggers(signal), (answer) => fill(list, answer.triggers.length ? answer.triggers.map((one) => row(one, read, answer.mail))
    : empty('No trigger yet.', ['Ask in Explore for what should not happen, then press ', h('b', {}, 'Alert'), ': a webhook, a mail, a chat or PagerDuty tells when it does.'], [h('a', { class: 'btn pri', href: link('/ui/explore') }, 'Explore')])),
  () => skeleton(5));
  read();
  const stop = refresh.subscribe(read), timer = setInterval(() => { if (!document.hidden && !list.contains(document.activeElement)) read(); }, 10_000);
  return { update() {}, close() { stop(); clearInterval(timer); load.stop(); } };
}

/** @param {wire.Standing} one @returns {[string, string]} kind of badge, word */
function standing({ trigger, failure, asked_us: asked }) {
  if (trigger.disabled) return ['', 'off'];
  if (failure) return ['warn', 'cannot ask'];
  return trigger.triggered ? ['err', 'triggered'] : asked ? ['ok', 'quiet'] : ['', 'not asked yet'];
}

/** @param {wire.Standing} one @param {() => void} again @param {boolean} canMail */
function row(one, again, canMail) {
  const { trigger } = one, [kind, word] = standing(one), below = h('div', { class: 'rule-below' });
  const act = (/** @type {string} */ text, /** @type {() => Promise<any>} */ run, quiet = false) => {
    const button = h('button', { class: `btn sm ${quiet ? 'ghost' : ''}`, type: 'button', onclick: async () => {
      button.disabled = true;
      try { await run(); } catch (error) { fill(below, failed(error)); }
      button.disabled = false;
    } }, text);
    return button;
  };
  const test = act('Test', async () => {
    const tried = await wire.testTrigger(trigger.id), late = tried.entries.filter((entry) => !entry.delivered);
    fill(below, h('p', { class: `pad ${late.length ? 't-err' : ''}`, role: 'status' }, `${tried.text.replace(/\.$/, '')}. `, !tried.entries.length ? 'Nobody is told.' : late.length ? `The test did not arrive: ${late[0].outcome}.`
      : `The test arrived: ${tried.entries.map((entry) => `${entry.outcome}, ${whole(entry.ms)} ms`).join('; ')}.`));
  });
  const history = act('History', async () => fill(below, historyTable((await wire.triggerHistory(trigger.id)).entries)));
  const toggle = act(trigger.disabled ? 'Switch on' : 'Switch off', async () => { await wire.changeTrigger(trigger, { disabled: !trigger.disabled }); again(); });
  const remove = act('Delete', async () => { await wire.deleteTrigger(trigger); say('The trigger is gone'); again(); }, true);
  return h('div', { class: 'notify', 'data-trigger': trigger.id }, h('div', { class: 'notify-line' },
    h('div', { class: 'stack-1' }, h('div', { class: 'row wrap' }, h('b', {}, trigger.name), badge(/** @type {'ok'} */ (kind), word), trigger.dataset_slug === '__all__' ? h('span', { class: 'faint small' }, 'all datasets') : service(trigger.dataset_slug)),
      h('a', { class: 'small mono', href: one.explore }, conditionText(trigger)), h('span', { class: 'small dim' }, rhythmText(trigger)), trigger.triggered && one.text && h('span', { class: 'small t-err' }, one.text), trigger.description && h('span', { class: 'small dim' }, withLinks(trigger.description))),
    toldTo(trigger.recipients, canMail ? '' : 'no mail relay is configured: set smtp'),
    h('div', { class: 'small dim' }, one.failure ? h('span', { class: 't-err' }, one.failure) : one.missing.length ? h('span', { class: 't-warn' }, missingText(one.missing)) : one.asked_us ? [`asked ${ago(one.asked_us, Date.now() * 1000)}`, one.value !== null && h('div', {}, `value ${asFigure(one.value, calculationUnit(watched(trigger.query))).join(' ').trim()}`)] : ''),
    h('div', { class: 'row' }, test, history, toggle, remove)),
  below);
}
