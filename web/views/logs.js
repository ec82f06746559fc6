// @ts-check
// Log lines: an Insights query over groups, what comes live, and the patterns of it all.
import { icon } from '../charts/svg.js';
import { plural } from '../model/format.js';
import { givenNames, takeMarks, withMarks } from '../model/insights.js';
import { rangeText } from '../model/time.js';
import * as logs from '../wire/logs.js';
import { fill, h, say } from './dom.js';
import { deliveriesButton } from './logs-deliveries.js';
import { logsEditor } from './logs-editor.js';
import { groupsButton } from './logs-groups.js';
import { patternsPanel } from './logs-patterns.js';
import { resultsPanel } from './logs-results.js';
import { tailPanel } from './logs-tail.js';
import { volume } from './logs-volume.js';
import { patch, place, range, refresh, time } from './router.js';
import { aroundQuery } from './times.js';
import { loader, skeleton } from './states.js';

export const standardQuery = 'fields @timestamp, @message | sort @timestamp desc | limit 200';

/** @returns {{query: string, groups: string[], isLive: boolean}} what the URL asks; a time that is over has no live lines */
export function asked(params = place.get().params) {
  return { query: params.get('q') ?? '', groups: params.getAll('g'), isLive: params.get('live') === '1' || !params.has('q') && !params.get('t')?.includes('..') };
}

/** @param {string} query @returns {string} its leading filters, for questions about the same lines */
export function leadingFilters(query) {
  const parts = query.replace(/#[^\n]*/g, '').split(/\|(?=(?:[^"'/]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\/(?:[^/\\\n]|\\.)*\/)*$)/);
  const filters = [];
  for (const part of parts) {
    if (/^\s*filter\s/i.test(part)) filters.push(part.trim());
    else if (!/^\s*(fields|display)\s/i.test(part)) break;
  }
  return filters.join(' | ');
}

/** @param {HTMLElement} host @returns {import('../app.js').Page} */
export function logsPage(host) {
  const editorHost = h('section', { class: 'panel', 'aria-label': 'Query and volume' });
  const main = h('section', { class: 'panel logs-main', 'aria-label': 'Lines' }), side = h('section', { class: 'panel', 'aria-labelledby': 'patterns-title' });
  const load = loader();
  fill(host, h('h1', { class: 'sr' }, 'Logs'), editorHost, h('div', { class: 'grid two' }, main, side));
  const run = (/** @type {string} */ text) => {
    const now = asked();
    if (text === now.query && !now.isLive) { refresh.set(refresh.get() + 1); return; }
    patch({ q: text, live: null });
  };
  const live = (/** @type {boolean} */ on) => patch(on ? { live: '1' } : { live: null, q: asked().query || standardQuery });
  const groups = groupsButton(() => asked().groups, (names) => patch({ g: names }));
  const editor = logsEditor(run), chart = volume(), patterns = patternsPanel(side, (condition) => run(withFilter(asked().query, condition)));
  const modes = h('div', { class: 'btns', role: 'tablist', 'aria-label': 'Lines' }, tab('Live tail', () => live(true)), tab('Results', () => live(false)));
  fill(editorHost, h('div', { class: 'ed' }, groups.element, editor.element, h('span', { class: 'row end' }, deliveriesButton(), modes,
    h('button', { class: 'btn pri sm', type: 'button', onclick: () => run(editor.text()) }, 'Run ', h('kbd', { class: 'hide-s plain-kbd' }, '⌘↵')))), chart.element);
  /** @type {{stop: () => void, keys?: any[], pause?: () => void} | null} */
  let shown = null;
  let was = '', wasFilters = '';
  const open = () => {
    const now = asked();
    shown?.stop();
    load.stop();
    main.classList.remove('busy');
    for (const [i, button] of [...modes.children].entries()) button.setAttribute('aria-selected', String((i === 0) === now.isLive));
    if (now.isLive) { shown = tailPanel(main, now.groups); return; }
    shown = { stop() {} };
    const panel = resultsPanel(main, { addFilter: (condition) => run(withFilter(now.query, condition)), all: leadingFilters(now.query) ? () => run(aroundQuery) : null, named: givenNames(now.query) });
    shown = panel;
    editor.blame('');
    load.run(panel.body, (signal) => logs.run({ query: withMarks(now.query || standardQuery), groups: now.groups, ...time() }, signal, (r) => panel.partial(takeMarks(r))).then(takeMarks)
      .catch((error) => { if (error.kind === 'answer') error.message = editor.blame(error.message); throw error; }),
      (results) => { panel.draw(results); say(plural(results.rows.length, 'row')); }, () => skeleton(12));
  };
  const around = () => {
    const now = asked(), filters = leadingFilters(now.query);
    chart.read(filters, now.groups);
    patterns.read(filters, now.groups);
  };
  const update = () => {
    const now = asked(), key = `${now.isLive ? '' : rangeText(range())} ${place.get().params.get('q')} ${now.groups} ${now.isLive}`;
    editor.set(now.query);
    groups.update();
    if (key !== was) { was = key; open(); }
    const filters = `${rangeText(range())} ${leadingFilters(now.query)} ${now.groups}`;
    if (filters !== wasFilters) { wasFilters = filters; around(); }
  };
  update();
  const stop = refresh.subscribe(() => { if (!asked().isLive) open(); around(); });
  return { update, close() { stop(); shown?.stop(); load.stop(); chart.stop(); patterns.stop(); editor.stop(); },
    keys: [{ key: ' ', says: 'Pause the live tail', run: () => shown?.pause?.() }] };
}

/** @param {string} text @param {() => void} pick */
function tab(text, pick) { return h('button', { class: 'btn sm', type: 'button', role: 'tab', 'aria-selected': false, onclick: pick },
  text === 'Live tail' && icon('live'), text); }

/** @param {string} query @param {string} condition @returns {string} the query over the lines for which the condition holds */
export function withFilter(query, condition) {
  const rest = query.trim();
  return `filter ${condition}${rest ? ` | ${rest}` : ` | ${standardQuery}`}`;
}
