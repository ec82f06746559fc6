// @ts-check
// What the watch over faults found in the map's time: a line for each service that failed more than its past lets expect.
import { whole } from '../model/format.js';
import { keyOf } from '../model/service-graph.js';
import { clock } from '../model/time.js';
import * as api from '../wire/api.js';
import { badge, fill, h } from './dom.js';
import { patch, utc } from './router.js';

const shown = 3;

/** @returns {{element: HTMLElement, read: (span: {start: number, end: number}, group: string) => Promise<void>, stop: () => void}} read: ends when it is drawn, or cannot be */
export function mapInsights() {
  const element = h('ul', { class: 'map-insights', 'aria-label': 'Insights', hidden: true });
  let asked = new AbortController();
  const read = (/** @type {{start: number, end: number}} */ span, /** @type {string} */ group) => {
    asked.abort();
    asked = new AbortController();
    // Without it the map says the same, only less: a failure is no news here.
    return api.mapInsights({ ...span, group }, asked.signal).then(({ insights }) => draw(element, insights), () => { element.hidden = true; });
  };
  return { element, read, stop: () => asked.abort() };
}

/** @param {HTMLElement} element @param {any[]} insights */
function draw(element, insights) {
  const open = insights.filter((i) => !i.end_us), list = [...open, ...insights.filter((i) => i.end_us)];
  element.hidden = !list.length;
  fill(element, list.slice(0, shown).map(line), list.length > shown && h('li', { class: 'small faint' }, `${whole(list.length - shown)} more in this time`));
}

/** @param {any} insight */
function line(insight) {
  const at = (/** @type {number} */ us) => clock(us, utc.get(), 'minute'), over = insight.end_us ? `${at(insight.start_us)} to ${at(insight.end_us)}` : `since ${at(insight.start_us)}`;
  return h('li', {}, badge(insight.end_us ? '' : 'err', insight.end_us ? 'over' : 'failing'),
    h('button', { class: 'map-link b', type: 'button', onclick: () => patch({ pick: keyOf(insight.cause), ms: null }) }, insight.cause.name),
    h('span', { class: 'small' }, `failed in ${whole(insight.faults)} of ${whole(insight.total)} requests, more than its past lets expect; ${whole(insight.client_faults)} of ${
      whole(insight.client_total)} requests of clients failed`), h('span', { class: 'small faint nowrap' }, over));
}
