// @ts-check
// What subscriptions and alarms sent out, by destination, with each try.
import { icon } from '../charts/svg.js';
import { ago, bytes, plural, whole } from '../model/format.js';
import * as logs from '../wire/logs.js';
import { badge, fill, h } from './dom.js';
import { popover } from './popover.js';
import { failed, skeleton } from './states.js';

const kinds = /** @type {const} */ ({ subscription: 'Subscriptions', alarm: 'Alarms' });

/** @returns {HTMLElement} */
export function deliveriesButton() {
  const element = h('button', { class: 'btn sm hide-s', type: 'button', 'aria-haspopup': 'dialog', title: 'What subscriptions and alarms sent', onclick: () => open(element) },
    icon('send'), 'Deliveries');
  return element;
}

/** @param {HTMLElement} anchor */
function open(anchor) {
  popover(anchor, 'Deliveries', () => {
    const body = h('div', { class: 'deliveries' }, skeleton(4));
    const tabs = h('div', { class: 'btns', role: 'group', 'aria-label': 'Sent by' });
    const show = async (/** @type {keyof typeof kinds} */ kind) => {
      for (const button of tabs.children) button.setAttribute('aria-pressed', String(/** @type {HTMLElement} */ (button).dataset.kind === kind));
      try { fill(body, history(await logs.deliveries(kind), kind)); } catch (error) { fill(body, failed(error)); }
    };
    fill(tabs, Object.entries(kinds).map(([kind, name]) => h('button', { class: 'btn sm', type: 'button', 'data-kind': kind, onclick: () => show(/** @type {'alarm'} */ (kind)) }, name)));
    show('subscription');
    return h('div', { class: 'stack' }, tabs, body);
  }, 620);
}

/** @param {Awaited<ReturnType<typeof logs.deliveries>>} answer @param {keyof typeof kinds} kind */
function history(answer, kind) {
  if (!answer.destinations.length && !answer.waiting.length) {
    return h('p', { class: 'small dim pad' }, kind === 'subscription' ? 'Nothing was sent. PutSubscriptionFilter with an http:// or https:// destination sends a group’s lines on.'
      : 'Nothing was sent. An alarm whose actions are http:// or https:// addresses tells them when its state changes.');
  }
  const now = Date.now();
  const waiting = answer.waiting.filter((w) => !answer.destinations.some((d) => d.destination === w.destination));
  return [...answer.destinations.map((d) => h('details', { class: 'delivery' }, h('summary', {}, badge(d.last_delivered ? 'ok' : 'err', d.last_delivered ? 'delivered' : 'failing'),
    h('span', { class: 'mono cut' }, d.destination), h('span', { class: 'end faint small nowrap' },
      `${whole(d.delivered)} delivered, ${whole(d.failed)} given up${d.waiting ? `, ${whole(d.waiting)} waiting` : ''}, ${ago(d.last_unix_ms * 1000, now * 1000)}`)),
  h('div', { class: 'scroll-x' }, h('table', { class: 'tbl dense' }, h('thead', {}, h('tr', {}, ['Sent', 'From', 'What', 'Try', 'Outcome', 'Size'].map((name) => h('th', {}, name)))),
    h('tbody', {}, answer.entries.filter((e) => e.destination === d.destination).map((e) => h('tr', {}, h('td', { class: 'nowrap' }, ago(e.unix_ms * 1000, now * 1000)), h('td', { class: 'mono' }, e.name),
      h('td', {}, e.subject), h('td', { class: 'num' }, whole(e.attempt)), h('td', { class: e.delivered ? 't-ok' : 't-err' }, e.outcome || (e.delivered ? 'delivered' : 'failed')),
      h('td', { class: 'num nowrap' }, e.bytes ? bytes(e.bytes).join(' ') : '')))))))),
  waiting.length > 0 && h('p', { class: 'small dim pad' }, `${plural(waiting.length, 'delivery', 'deliveries')} under way for the first time.`)];
}
