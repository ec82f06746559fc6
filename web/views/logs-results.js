// @ts-check
// The rows of a query: lines as lines, statistics as a table, statistics over time as a chart besides.
import { lineChart } from '../charts/line.js';
import { drawn } from '../charts/svg.js';
import { bytes, plural, short, whole } from '../model/format.js';
import { chart, timeUs } from '../model/insights.js';
import { knownTime, partialWords } from '../model/time.js';
import * as logs from '../wire/logs.js';
import { hoverable } from './chart-hover.js';
import { fill, h } from './dom.js';
import { byArrows, logLine } from './logs-line.js';
import { time as span, utc } from './router.js';
import { empty } from './states.js';

const mostRows = 1000, mostLines = 12;
/** Levels look the same in every chart. @type {[RegExp, string][]} */
const levels = [[/^(error|err)$/i, 'var(--err)'], [/^(fatal|critical)$/i, 'var(--throttle-ink)'], [/^warn(ing)?$/i, 'var(--warn)'], [/^info$/i, 'var(--info)'],
  [/^debug$/i, 'var(--base)'], [/^trace$/i, 'var(--ink3)']];

/** @param {HTMLElement} host @param {{addFilter: (condition: string) => void, all: (() => void) | null, named: string[]}} actions  all: shows the lines of the time without the query's filters; named: what the query calls what it counts */
export function resultsPanel(host, actions) {
  const note = h('span', { class: 'sub' }), body = h('div', { class: 'results' });
  const more = h('span', { class: 'end row' });
  fill(host, h('header', {}, h('h2', {}, 'Results'), note, more), body);
  let off = () => {};
  /** The lines that are shown, and the opened events of a table, by their pointers: an answer comes in parts, and what somebody reads stays. @type {Shown} */
  const shown = { box: null, lines: new Map(), events: new Map() };
  /** @param {logs.Results} r */
  const draw = (r) => {
    off();
    const { scrollTop: top = 0, scrollLeft: left = 0 } = scrolled(body) ?? {}, active = /** @type {HTMLElement | null} */ (body.contains(document.activeElement) ? document.activeElement : null);
    show(r);
    const to = scrolled(body);
    if (to) [to.scrollTop, to.scrollLeft] = [top, left];
    if (active) focusRow(active);
  };
  /** What has the focus is drawn anew or was taken out and put back: rows look alike, the pointer tells which it was. @param {HTMLElement} active */
  const focusRow = (active) => {
    const pointer = active.dataset.pointer, row = active.isConnected ? active : pointer && body.querySelector(`[data-pointer="${CSS.escape(pointer)}"]`);
    if (row instanceof HTMLElement) row.focus({ preventScroll: true });
  };
  /** @param {logs.Results} r */
  const show = (r) => {
    const s = r.statistics;
    note.textContent = `${plural(r.rows.length, 'row')} · ${whole(s.matched)} of ${plural(s.scanned, 'record')} matched · ${bytes(s.bytes).join(' ')} in ${r.duration_ms} ms`;
    fill(more, h('button', { class: 'btn sm hide-s', type: 'button', onclick: () => download(r) }, 'CSV'));
    if (!r.rows.length) { fill(body, nothing(actions.all)); return; }
    const time = r.columns.indexOf('@timestamp'), message = r.columns.indexOf('@message');
    if (time >= 0 && message >= 0 && r.columns.length === 2) {
      const box = lines(r, time, message, actions, shown);
      if (body.firstChild !== box || body.childNodes.length > 1) fill(body, box);
      return;
    }
    const series = chart(r.columns, r.rows, '', actions.named);
    const picture = series && chartOf(r, series, actions.named);
    off = picture?.stop ?? (() => {});
    fill(body, picture?.element, table(r, actions, shown));
  };
  return { body, draw, stop: () => off(), partial(/** @type {logs.Results} */ r) {
    note.textContent = `reading: ${plural(r.statistics.scanned, 'record')} so far, ${plural(r.rows.length, 'row')}`;
    if (r.rows.length && r.columns.length) draw({ ...r, rows: r.rows.slice(0, 200) });
  } };
}

/** @param {(() => void) | null} all */
function nothing(all) {
  return empty('No row.', ['No line of this time passes the query. A longer time or fewer filters may. ', all && 'Lines belong to a trace only where they carry its id: programs that do not write it have theirs by time.'],
    all ? [h('button', { class: 'btn', type: 'button', onclick: all }, 'All lines of this time')] : []);
}

/** @typedef {{box: HTMLElement | null, lines: Map<string, {line: HTMLElement, said: string}>, events: Map<string, HTMLElement>}} Shown */

/** @param {HTMLElement} body what scrolls in it */
function scrolled(body) { return body.querySelector('.tail, .scroll-x'); }

/** @param {logs.Results} r @param {number} time @param {number} message @param {{addFilter: (condition: string) => void}} actions @param {Shown} shown */
function lines(r, time, message, actions, shown) {
  /** @type {Shown['lines']} */
  const next = new Map();
  const rows = r.rows.slice(0, mostRows).map((row, i) => {
    const pointer = r.pointers[i], mark = r.marks?.[i], before = pointer ? shown.lines.get(pointer) : undefined, said = JSON.stringify([row, mark, r.groups?.[i], utc.get()]);
    const line = before && (before.said === said || before.line.querySelector('[aria-expanded="true"]')) ? before.line : logLine({ us: timeUs(row[time] ?? ''), dataset: r.groups?.[i] ?? '', message: row[message] ?? '', severity: mark?.severity ?? undefined, trace: mark?.trace ?? undefined },
      { addFilter: actions.addFilter, fields: pointer ? async () => (await logs.record(pointer)).fields : undefined });
    if (pointer) { next.set(pointer, { line, said }); line.querySelector('.ln')?.setAttribute('data-pointer', pointer); }
    return line;
  });
  shown.lines = next;
  shown.box ??= byArrows(h('div', { class: 'tail results-lines', role: 'group', 'aria-label': 'Lines', tabindex: 0 }));
  settle(shown.box, [...rows, rest(r)].filter((row) => row instanceof HTMLElement));
  return shown.box;
}

/** Puts these in place of what is there. What stays is not touched, so that a click which has begun on it arrives. @param {HTMLElement} box @param {HTMLElement[]} wanted */
function settle(box, wanted) {
  let at = box.firstChild;
  for (const row of wanted) {
    if (row === at) at = at.nextSibling; else box.insertBefore(row, at);
  }
  while (at) { const next = at.nextSibling; at.remove(); at = next; }
}

/** @param {logs.Results} r */
function rest(r) { return r.rows.length > mostRows && h('p', { class: 'small faint pad' }, `${whole(r.rows.length - mostRows)} more rows are in the CSV.`); }

/** @param {logs.Results} r @param {{addFilter: (condition: string) => void}} actions @param {Shown} shown */
function table(r, actions, shown) {
  const numeric = r.columns.map((_, i) => r.rows.every((row) => row[i] === null || row[i] !== '' && Number.isFinite(Number(row[i]))));
  const pointers = r.pointers.some(Boolean);
  return h('div', { class: 'scroll-x' }, h('table', { class: 'tbl dense' }, h('thead', {}, h('tr', {}, r.columns.map((name, i) => h('th', { class: numeric[i] ? 'num mono' : 'mono' }, name)),
    pointers && h('th', {}, h('span', { class: 'sr' }, 'Event')))),
  h('tbody', {}, r.rows.slice(0, mostRows).map((row, at) => [h('tr', {}, row.map((value, i) => h('td', { class: numeric[i] ? 'num' : 'mono value' },
    value === null ? h('span', { class: 'faint' }, '–') : numeric[i] ? figure(value) : value.slice(0, 500))),
  pointers && h('td', {}, opener(r.pointers[at], actions, shown.events))), shown.events.get(r.pointers[at] ?? '')]))), rest(r));
}

/** @param {string} text @returns {string} */
function figure(text) { const n = Number(text); return Number.isSafeInteger(n) ? whole(n) : text; }

/** @param {string | null} pointer @param {{addFilter: (condition: string) => void}} actions @param {Shown['events']} events @returns a button that shows the row's event in its place */
function opener(pointer, actions, events) {
  if (!pointer) return null;
  const cell = h('button', { class: 'btn sm ghost', type: 'button', 'data-pointer': pointer, onclick: async () => {
    const opened = events.get(pointer);
    if (opened) { opened.remove(); events.delete(pointer); return; }
    const found = await logs.record(pointer).catch(() => null);
    if (!found) return;
    const line = logLine({ us: found.us, dataset: found.dataset, message: String(found.fields.body ?? ''), fields: found.fields }, actions);
    const row = h('tr', { class: 'opened' }, h('td', { colspan: 99 }, line));
    events.set(pointer, row);
    cell.closest('tr')?.after(row);
    line.querySelector('button')?.click();
  } }, 'open');
  return cell;
}

/** @param {logs.Results} r @param {NonNullable<ReturnType<typeof chart>>} first @param {string[]} named what the query calls what it counts */
function chartOf(r, first, named) {
  let series = first;
  const inner = h('div', { class: 'chart-in' }), host = h('div', { class: 'chart line-chart' }, inner), legend = h('div', { class: 'row wrap legend pad' });
  /** @type {import('../charts/line.js').Frame | null} */
  let frame = null;
  const list = () => {
    const shown = series.series.slice(0, mostLines), own = shown.map((line) => levels.find(([pattern]) => pattern.test(line.name))?.[1]);
    const areLevels = own.every(Boolean) && new Set(own).size === own.length;
    return shown.map((line, i) => ({ ...line, colour: areLevels ? String(own[i]) : series.series.length === 1 ? 'var(--ink2)' : `var(--c${i % 12 + 1})` }));
  };
  const known = knownTime(span(), Date.now() / 1000), steps = () => ({ startUs: series.startUs, stepUs: series.stepUs, count: series.count, ...known });
  const bars = () => /^(count|sum)\b/.test(series.column);
  const watch = drawn(host, () => { frame = lineChart(inner, steps(), list(), { bars: bars(), format: short, label: `${series.column} over time`, utc: utc.get() }); });
  const offHover = hoverable(host, () => frame, (i) => ({ rows: list().map((line) => [line.name.slice(0, 60), line.values[i] === null ? '–' : short(Number(line.values[i]))]) }), { steps });
  const draw = () => {
    fill(legend, first.columns.length > 1 && h('span', { class: 'btns' }, first.columns.map((name) => h('button', { class: 'btn sm', type: 'button', 'aria-pressed': name === series.column,
      onclick: () => { series = chart(r.columns, r.rows, name, named) ?? series; draw(); watch.redraw(); } }, name))),
    series.series.length > 1 && list().map((line) => h('span', { class: 'key cut', vars: { '--c': line.colour } }, h('span', { class: 'cut' }, line.name))),
    series.series.length > mostLines && h('span', { class: 'faint small' }, `${series.series.length - mostLines} more in the table`),
    partialWords(steps()) && h('span', { class: 'faint small' }, partialWords(steps())));
  };
  draw();
  return { element: h('div', { class: 'result-chart' }, legend, host), stop() { watch.stop(); offHover(); } };
}

/** @param {logs.Results} r */
function download(r) {
  const cell = (/** @type {string | null} */ text) => (text === null ? '' : /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const text = [r.columns, ...r.rows].map((row) => row.map(cell).join(',')).join('\n');
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  h('a', { href: url, download: 'rows.csv' }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
