// @ts-check
// The bar's search. It says what a text is before you go there: an id of a trace, a value that events have, an error, words of log lines, a
// service, a column, or a part of span names. What it knows by itself stands at once; what the server knows of the text follows.
import { icon } from '../charts/svg.js';
import { ago, plural } from '../model/format.js';
import { isUUID, needle, traceIn } from '../model/ids.js';
import { quoted } from '../model/insights.js';
import { filterTexts } from '../model/query.js';
import { parseRange, rangeText, resolve } from '../model/time.js';
import * as api from '../wire/api.js';
import { errorItems } from '../wire/errors.js';
import { columns, datasets } from './catalog.js';
import { rank } from './combo.js';
import { byID, fill, h, service } from './dom.js';
import { titleParts } from './error-parts.js';
import { go, link, range } from './router.js';

/** @typedef {{url: string, mark: any, text: any, note: string}} Aim */

const typingPause = 250; // ms
const itemsShown = 4;
const marginSeconds = 60; // around what was found

let cursor = 0, timer = 0;
/** @type {Aim[]} */
let aims = [];
/** @type {AbortController | null} */
let asking = null;
/** Enter came before the server's answer: the first aim is taken when it is there. */
let isTaken = false;

export function startSearch() {
  const input = byID('q'), list = byID('q-list');
  input.addEventListener('input', show);
  input.addEventListener('focus', show);
  input.addEventListener('blur', () => setTimeout(() => { if (document.activeElement !== input) hide(); }, 120));
  input.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      cursor = aims.length ? (cursor + (event.key === 'ArrowDown' ? 1 : -1) + aims.length) % aims.length : 0;
      draw();
    } else if (event.key === 'Enter') {
      event.preventDefault();
      if (asking && cursor === 0 && !isSure(input.value)) { isTaken = true; return; }
      if (aims[cursor]?.url) take(aims[cursor]);
    } else if (event.key === 'Escape') { input.value = ''; hide(); input.blur(); }
  });
  list.addEventListener('mousedown', (/** @type {Event} */ event) => event.preventDefault());
}

function hide() {
  clearTimeout(timer);
  asking?.abort();
  asking = null;
  isTaken = false;
  byID('q-list').hidden = true;
  byID('q').setAttribute('aria-expanded', 'false');
  byID('q').removeAttribute('aria-activedescendant');
}

/** @param {Aim} aim */
function take(aim) { byID('q').value = ''; hide(); byID('q').blur(); go(aim.url); }

/** What needs no answer of the server. @param {string} text */
function isSure(text) { return traceIn(text) != null || datasets.get().some((d) => d.name === text.trim()); }

async function show() {
  const text = byID('q').value.trim();
  hide();
  aims = [];
  cursor = 0;
  if (!text) return;
  const known = await columns(api.everything).catch(() => []);
  if (byID('q').value.trim() !== text || document.activeElement !== byID('q')) return;
  const own = find(text, known.filter((c) => !c.hidden));
  aims = own;
  if (text.length > 1) {
    const mine = asking = new AbortController();
    timer = window.setTimeout(() => learn(text, own, mine), typingPause);
  }
  draw();
}

/** Asks the server; what it knows stands before the guesses. @param {string} text @param {Aim[]} own @param {AbortController} mine */
async function learn(text, own, mine) {
  const value = needle(text), { signal } = mine;
  const isTrace = traceIn(text) != null; // an occurrence may be named as a trace is
  const [found, items] = await Promise.all([isTrace && !isUUID(text) ? null : api.find(value, signal).catch(() => null),
    isTrace ? null : errorItems({ query: text, status: 'any', limit: itemsShown }, signal).catch(() => null)]);
  if (signal.aborted) return;
  asking = null;
  const chosen = cursor ? aims[cursor]?.url : '';
  const sure = isSure(text) ? own.slice(0, 1) : [], values = found?.columns.map((c) => valueAim(c, value)) ?? [], errors = itemAims(items, text);
  aims = [...sure, ...(/\s/.test(text) ? [...errors, ...values] : [...values, ...errors]),
    ...(found?.lines.events ? [linesAim(found.lines, value)] : []), ...(found && found.complete === false ? [cutAim] : []), ...own.filter((aim) => !sure.includes(aim))];
  cursor = Math.max(0, chosen ? aims.findIndex((aim) => aim.url === chosen) : 0);
  if (isTaken && aims[cursor]?.url) take(aims[cursor]); else draw();
}

/** The server looks for so long and no longer. @type {Aim} */
const cutAim = { url: '', mark: icon('warn'), text: h('span', { class: 'cut' }, 'Looked for 3 s: there may be more'), note: 'Explore looks on, with a shorter time' };

/** The range that holds all of it: the one that is chosen where that does. @param {{first_us: number, last_us: number}} found */
function rangeOf(found) {
  const start = Math.floor(found.first_us / 1e6), end = Math.ceil(found.last_us / 1e6), now = resolve(range(), Date.now() / 1000);
  return start >= now.start && end <= now.end + 1 ? rangeText(range()) : rangeText(parseRange(`${start - marginSeconds}..${end + marginSeconds}`));
}

/** @param {any} found @param {string} value @returns {Aim} */
function valueAim(found, value) {
  const filter = filterTexts([{ column: found.name, op: '=', value }]), t = rangeOf(found), when = ago(found.last_us, Date.now() * 1000);
  const text = h('span', { class: 'mono cut' }, found.name, h('span', { class: 'faint' }, ' = '), value);
  if (found.name === 'occurrence.uuid') return { url: link(`/ui/occurrence/${value}`), mark: icon('bug'), text, note: `occurrence of an error, ${when}` };
  if (found.traces === 1 && found.trace) return { url: link(`/ui/trace/${found.trace}`), mark: icon('trace'), text, note: `in one trace, ${when}` };
  if (found.traces > 1) return { url: link('/ui/traces', { f: filter, t, ds: null }), mark: icon('trace'), text, note: `${plural(found.traces, 'trace')}, newest ${when}` };
  return { url: link('/ui/explore', { f: filter, t, ds: null }), mark: icon('explore'), text, note: `${plural(found.events, 'event')}, newest ${when}` };
}

/** @param {any} answer @param {string} text @returns {Aim[]} */
function itemAims(answer, text) {
  if (!answer?.items.length) return [];
  const all = answer.items.map((/** @type {any} */ item) => { const [name, message] = titleParts(item);
    return { url: link(`/ui/errors/${item.id}`), mark: icon('bug'), text: h('span', { class: 'cut' }, h('b', {}, name), message && `: ${message}`),
      note: `#${item.counter} ${item.project}, ${plural(item.total, 'time')}` }; });
  return answer.total > all.length ? [...all, { url: link('/ui/errors', { q: text, status: 'any', t: null }), mark: icon('bug'), text: h('span', { class: 'cut' }, text),
    note: `all ${plural(answer.total, 'error')} with these words` }] : all;
}

/** @param {{events: number, first_us: number, last_us: number}} lines @param {string} value @returns {Aim} */
function linesAim(lines, value) {
  return { url: link('/ui/logs', { q: `filter @message like ${quoted(value)} | fields @timestamp, @message | sort @timestamp desc | limit 500`, t: rangeOf(lines) }),
    mark: icon('logs'), text: h('span', { class: 'mono cut' }, value), note: `${plural(lines.events, 'log line')}, newest ${ago(lines.last_us, Date.now() * 1000)}` };
}

/** @param {string} text @param {{name: string, type: string}[]} known @returns {Aim[]} what needs no question */
function find(text, known) {
  const id = traceIn(text);
  if (id) return [{ url: link(`/ui/trace/${id.id}`), mark: icon('trace'), text: h('span', { class: 'mono cut' }, id.id), note: `${id.kind} id, opens the trace` }];
  const near = (/** @type {{name: string}[]} */ list, /** @type {number} */ most) => list.map((x) => ({ x,
    r: rank(x.name, text) })).filter((y) => y.r >= 0 && y.r < 3).sort((a, b) => a.r - b.r).slice(0, most).map((y) => y.x);
  return [
    ...near(datasets.get(), 4).map((d) => ({ url: link('/ui/explore', { f: filterTexts([{ column: 'service.name', op: '=', value: d.name }]) }),
      mark: icon('explore'), text: service(d.name), note: 'service, in Explore' })),
    { url: link('/ui/traces', { name: text }), mark: icon('trace'), text: h('span', { class: 'mono cut' }, text),
      note: 'traces with such a span name' },
    ...near(known, 4).map((c) => ({ url: link('/ui/explore', { c: ['COUNT'], by: [c.name] }), mark: icon('explore'),
      text: h('span', { class: 'mono cut' }, c.name), note: `${/** @type {any} */ (c).type} column, counts by it` })),
    ...(/^[0-9a-f-]{17,}$/i.test(text) ? [{ url: '', mark: icon('warn'), text: h('span', { class: 'cut' }, 'No trace id yet'),
      note: `${text.replaceAll('-', '').length} of 32 hex digits` }] : []),
  ].filter((aim) => aim.url || aim.note);
}

function draw() {
  const list = byID('q-list'), input = byID('q');
  fill(list, aims.map((aim, i) => aim.url
    ? h('a', { class: i === cursor ? 'cur' : '', id: `aim-${i}`, role: 'option', 'aria-selected': i === cursor, href: aim.url, tabindex: -1,
      onclick: (/** @type {MouseEvent} */ e) => { if (e.metaKey || e.ctrlKey) return; e.preventDefault(); e.stopPropagation(); take(aim); } },
      aim.mark, aim.text, h('span', { class: 'end faint small nowrap' }, aim.note))
    : h('div', { class: 'opt faint', id: `aim-${i}`, role: 'option', 'aria-disabled': true, 'aria-selected': false }, aim.mark, aim.text,
      h('span', { class: 'end small' }, aim.note))), asking && h('p', { class: 'opt faint small', role: 'status' }, 'Looking for it in events, errors and log lines…'));
  list.hidden = !aims.length && !asking;
  input.setAttribute('aria-expanded', String(!list.hidden));
  if (aims.length) input.setAttribute('aria-activedescendant', `aim-${cursor}`);
}
