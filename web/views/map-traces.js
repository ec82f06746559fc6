// @ts-check
// The traces that a filter expression means, newest first.
import { duration, plural } from '../model/format.js';
import { clock, stamp } from '../model/time.js';
import * as api from '../wire/api.js';
import { badge, figure, fill, h, service } from './dom.js';
import { go, link, time, utc } from './router.js';
import { empty, loader, skeleton } from './states.js';
import { instant } from './times.js';

const pageSize = 50;

/** @param {HTMLElement} host @returns {{read: (filter: string, group: string, window: {start: number, end: number} | null) => void, stop: () => void}} */
export function mapTraces(host) {
  const body = h('div'), count = h('span', { class: 'sub' }), load = loader(), more = h('div', { class: 'pad row' });
  fill(host, h('header', {}, h('h2', {}, 'Traces'), count), body, more);
  let asked = '', shown = /** @type {any[]} */ ([]);
  const read = (/** @type {string} */ filter, /** @type {string} */ group, /** @type {{start: number, end: number}} */ t, after = '') => {
    load.run(body, (signal) => api.mapTraces({ ...t, filter, group, after: after || undefined, limit: pageSize }, signal), (answer) => {
      shown = after ? [...shown, ...answer.traces] : answer.traces;
      count.textContent = shown.length ? `${plural(shown.length, 'trace')}${answer.next ? ', there are more' : ''}, newest first` : '';
      fill(body, shown.length ? table(shown) : answer.next ? empty('None among the newest.', [`Of ${answer.looked_at} candidates none passed; older ones may.`])
        : empty('No trace matches.', [filter ? h('span', { class: 'mono' }, filter) : 'There is no trace in this time.']));
      fill(more, answer.next && h('button', { class: 'btn end', type: 'button', onclick: () => read(filter, group, t, answer.next) }, 'Older'));
    }, () => skeleton(6));
  };
  return {
    read(filter, group, window) {
      const t = window ?? time(), now = `${filter} ${group} ${Math.round(t.start)} ${Math.round(t.end)}`;
      if (now !== asked) { asked = now; read(filter, group, t); }
    },
    stop: load.stop,
  };
}

/** @param {any[]} traces */
function table(traces) {
  const day = stamp(Date.now() * 1000, utc.get()).slice(0, 10);
  return h('table', { class: 'tbl list map-traces' }, h('thead', {}, h('tr', {}, ['Trace', 'Outcome', 'Status', 'Response', 'Parts', 'User', 'Start'].map((text, i) => h('th',
    { scope: 'col', class: `${i > 1 && i !== 5 ? 'num' : ''} ${i === 5 || i === 4 ? 'hide-m' : ''}` }, text)))),
  h('tbody', {}, traces.map((t) => {
    const to = link(`/ui/trace/${t.trace_id}`), at = stamp(t.start_us, utc.get()), [kind, word] = outcome(t);
    return h('tr', { class: 'go', onclick: (/** @type {MouseEvent} */ e) => { if (!/** @type {HTMLElement} */ (e.target).closest('a')) go(to); } },
      h('td', { class: 'wide map-cut' }, h('a', { href: to, class: 'inkless row', 'data-row': true }, service(t.service), h('span', { class: 'cut dim', title: t.url ?? null },
        t.url ? `${t.method ?? ''} ${pathOf(t.url)}`.trim() : t.name === t.service ? '' : t.name))),
      h('td', { 'data-l': 'outcome' }, badge(/** @type {any} */ (kind), word)), h('td', { class: 'num', 'data-l': 'status' }, t.status ?? '–'),
      h('td', { class: 'num', 'data-l': 'response' }, figure(duration(t.response_ms))), h('td', { class: 'num hide-m' }, String(t.documents)),
      h('td', { class: 'hide-m map-cut dim' }, t.user ?? ''), h('td', { class: 'num dim', 'data-l': 'start' }, instant(t.start_us,
        at.startsWith(day) ? clock(t.start_us, utc.get()) : at.slice(5))));
  })));
}

/** What is asked for; the host is what the service says already. @param {string} url */
function pathOf(url) { const path = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, ''); return path || url; }

/** @param {any} t @returns {[string, string]} */
function outcome(t) {
  if (t.partial) return ['info', 'running'];
  if (t.fault) return ['err', 'fault'];
  if (t.throttle) return ['warn', 'throttle'];
  return t.error ? ['warn', 'error'] : ['', 'ok'];
}
