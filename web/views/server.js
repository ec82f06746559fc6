// @ts-check
// Cairn about itself: what comes in, what waits, how long things take, what is kept, what was refused and what is damaged.
import { sparkline } from '../charts/sparkline.js';
import { icon } from '../charts/svg.js';
import { durations, greatest, growth, growths, percentile, total } from '../model/figures.js';
import { ago, bytes, digits, duration, plural, rate, short, whole } from '../model/format.js';
import * as api from '../wire/api.js';
import { isAbort } from '../wire/http.js';
import { status as known } from './catalog.js';
import { badge, figure, fill, h, say } from './dom.js';
import { forgetButton } from './key-form.js';
import { failed, skeleton } from './states.js';

const every = 2000; // ms
const kept = 61; // readings: two minutes
const words = { accepting: ['ok', 'taking events'], slowed: ['warn', 'slowed down'], refusing: ['err', 'refusing events'] };

/** @typedef {import('../model/figures.js').Reading} Reading */
/** @typedef {[string, [string, string]]} Line */

/** @param {HTMLElement} host @returns {import('../app.js').Page} */
export function serverPage(host) {
  const trouble = h('div', { class: 'trouble' }), sub = h('span', { class: 'sub' }), state = h('span', { class: 'end row' }), reason = h('div', { class: 'trouble' });
  const tiles = h('div', { class: 'tiles', 'aria-label': 'Now', role: 'group' }, skeleton(3, true)), tables = h('div', { class: 'grid pair' });
  fill(host, h('div', { class: 'head' }, h('h1', {}, 'This server'), sub, state), trouble, reason, tiles, tables);
  /** @type {Reading[]} */
  const readings = [];
  let was = 'accepting', timer = 0, stopped = false;
  const abort = new AbortController();
  const tell = (/** @type {any} */ status, /** @type {number} */ us) => {
    const { ingest_state: ingest, ingest_reason: why } = status.store, [kind, text] = words[/** @type {'slowed'} */ (ingest)] ?? ['warn', ingest];
    fill(sub, `Cairn ${status.version}, process ${status.pid}, started ${ago(status.started_us, us)}`);
    fill(state, forgetButton(), badge(/** @type {'ok'} */ (kind), text, kind === 'ok' ? 'check' : 'warn'));
    fill(reason, why && h('div', { class: `note ${kind}`, role: 'alert' }, icon('warn'), h('span', {}, why)));
    if (ingest !== was) { was = ingest; say(`Cairn is ${text}`); }
  };
  const draw = (/** @type {any} */ status, /** @type {Reading} */ now) => {
    if (readings.length && (total(now, 'process_start_time_seconds') ?? 0) !== (total(readings[0], 'process_start_time_seconds') ?? 0)) readings.length = 0;
    readings.push(now);
    if (readings.length > kept) readings.shift();
    const { quarantined } = status.store;
    fill(trouble);
    tell(status, now.us);
    fill(tiles, tilesOf(readings, now));
    fill(tables, panel('took', 'How long things take', readings.length > 1 ? `last ${seconds(readings)}` : 'since the start', took(readings, now)),
      panel('waits', 'What waits', 'at this moment', lines(waiting(now))), panel('kept', 'What is kept', '', lines(holding(now))),
      panel('refused', 'Refused', 'since the start, by reason', refusals(now)),
      panel('damaged', 'Damaged', quarantined.length ? 'left out of answers' : '', damaged(quarantined)));
  };
  const poll = async () => {
    if (!document.hidden) {
      try { draw(await api.status(abort.signal), await api.server(abort.signal)); } catch (error) {
        if (isAbort(error)) return;
        fill(trouble, failed(error));
      }
    }
    if (!stopped) timer = window.setTimeout(poll, every);
  };
  if (known.get()) tell(known.get(), Date.now() * 1000); // at once, so that nothing moves when the figures come
  poll();
  return { update() {}, close() { stopped = true; clearTimeout(timer); abort.abort(); } };
}

/** @param {Reading[]} readings */
function seconds(readings) { return `${whole(Math.round((readings[readings.length - 1].us - readings[0].us) / 1e6))} s`; }

/** @param {Reading[]} readings @param {Reading} now */
function tilesOf(readings, now) {
  const before = readings[readings.length - 2], perSecond = (/** @type {string} */ name) => growth(before, now, name);
  const rated = (/** @type {string} */ name) => { const v = perSecond(name); return /** @type {[string, string]} */ (v == null ? ['–', ''] : rate(v)); };
  const levels = (/** @type {string} */ name) => readings.map((r) => total(r, name));
  const byteRate = perSecond('cairn_ingest_received_bytes_total'), cpu = perSecond('process_cpu_seconds_total');
  return [
    tile('Events in', rated('cairn_ingest_events_total'), growths(readings, 'cairn_ingest_events_total'), 'var(--accent)'),
    tile('Bytes in', byteRate == null ? ['–', ''] : perSecondOf(bytes(byteRate)), growths(readings, 'cairn_ingest_received_bytes_total')),
    tile('Refused', rated('cairn_refusals_total'), growths(readings, 'cairn_refusals_total'), 'var(--err)'),
    tile('Queries', rated('cairn_query_duration_seconds'), growths(readings, 'cairn_query_duration_seconds')),
    tile('Syncs', rated('cairn_journal_sync_seconds'), growths(readings, 'cairn_journal_sync_seconds')),
    tile('Connections', [short(total(now, 'cairn_connections_open') ?? 0), ''], levels('cairn_connections_open')),
    tile('Memory', bytes(total(now, 'process_resident_memory_bytes') ?? 0), levels('process_resident_memory_bytes')),
    tile('CPU', cpu == null ? ['–', ''] : [digits(Number((cpu * 100).toPrecision(2))), '%'], growths(readings, 'process_cpu_seconds_total')),
  ];
}

/** @param {[string, string]} figure */
function perSecondOf([number, unit]) { return /** @type {[string, string]} */ ([number, `${unit}/s`]); }

/** @param {string} name @param {[string, string]} value @param {(number | null)[]} history @param {string} [colour] */
function tile(name, value, history, colour) {
  const blank = Array.from({ length: Math.max(0, kept - 1 - history.length) }, () => null);
  return h('div', { class: 'tile panel' }, h('span', { class: 'small dim' }, name), figure(value, 'big'),
    sparkline([...blank, ...history], { width: 150, height: 26, colour, filled: true }));
}

/** @param {string} id @param {string} title @param {string} sub @param {any} body */
function panel(id, title, sub, body) {
  return h('section', { class: 'panel', 'aria-labelledby': `${id}-title` }, h('header', {}, h('h2', { id: `${id}-title` }, title), h('span', { class: 'sub' }, sub)), body);
}

/** @param {Line[]} rows */
function lines(rows) {
  return h('table', { class: 'tbl dense' }, h('tbody', {}, rows.map(([name, value]) => h('tr', {}, h('td', {}, name), h('td', { class: 'num' }, figure(value))))));
}

const timed = [['cairn_ingest_duration_seconds', 'Request, to its answer'], ['cairn_journal_sync_seconds', 'Journal: write and sync'],
  ['cairn_query_duration_seconds', 'Query'], ['cairn_seal_seconds', 'Seal of a head'], ['cairn_merge_seconds', 'Merge of segments']];

/** @param {Reading[]} readings @param {Reading} now */
function took(readings, now) {
  const rows = timed.map(([name, title]) => {
    const found = durations(readings.length > 1 ? readings[0] : undefined, now, name);
    return h('tr', {}, h('td', {}, title), h('td', { class: 'num' }, whole(found.count)), h('td', { class: 'num' }, figure(duration(percentile(found, 0.5)))),
      h('td', { class: 'num' }, figure(duration(percentile(found, 0.99)))));
  });
  return h('table', { class: 'tbl dense' }, h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'What'), h('th', { scope: 'col', class: 'num' }, 'Times'),
    h('th', { scope: 'col', class: 'num' }, 'P50'), h('th', { scope: 'col', class: 'num' }, 'P99'))), h('tbody', {}, rows));
}

/** @param {Reading} now @returns {Line[]} */
function waiting(now) {
  const count = (/** @type {string} */ name) => /** @type {[string, string]} */ ([whole(total(now, name) ?? 0), '']);
  return [['Requests that wait for their sync', count('cairn_journal_waiting_requests')], ['Heads that wait for their seal', count('cairn_heads_waiting')],
    ['Bodies in memory', bytes(total(now, 'cairn_held_request_bytes') ?? 0)], ['Bodies being taken in', bytes(total(now, 'cairn_in_flight_bytes') ?? 0)],
    ['Queries that run', count('cairn_queries_running')], ['Queries that wait', count('cairn_queries_waiting')]];
}

/** @param {Reading} now @returns {Line[]} */
function holding(now) {
  const count = (/** @type {string} */ name) => whole(total(now, name) ?? 0);
  return [['Events', [count('cairn_events'), '']], ['of these not yet in a segment', [count('cairn_head_events'), '']], ['Segments', [count('cairn_segments'), '']],
    ['Bytes of segments', bytes(total(now, 'cairn_segment_bytes') ?? 0)], ['Decoded columns in memory', bytes(total(now, 'cairn_column_cache_bytes') ?? 0)],
    ['Open files and connections', [count('process_open_fds'), `of ${count('process_max_fds')}`]]];
}

/** @param {Reading} now */
function refusals(now) {
  const found = [...greatest(now, 'cairn_refusals_total').map((s) => [s.labels.door === 'none' ? 'pages and questions' : s.labels.door, s.labels.reason, s.value]),
    ...greatest(now, 'cairn_store_refusals_total').map((s) => ['store', s.labels.cause, s.value])];
  if (!found.length) return h('p', { class: 'pad dim small' }, 'Nothing was refused.');
  return h('table', { class: 'tbl dense' }, h('tbody', {}, found.slice(0, 12).map(([door, reason, count]) => h('tr', {}, h('td', {}, String(door)),
    h('td', {}, String(reason).replaceAll('_', ' ')), h('td', { class: 'num' }, plural(Number(count), 'time'))))));
}

/** @param {{file: string, offset: number, rows: number, reason: string}[]} places */
function damaged(places) {
  if (!places.length) return h('p', { class: 'pad dim small' }, 'Every byte that was read is what was written.');
  return h('div', {}, places.slice(0, 50).map((p) => h('div', { class: 'place' }, h('span', { class: 'row' }, badge('err', 'damaged'), h('span', { class: 'mono cut' }, p.file),
    h('span', { class: 'end faint nowrap' }, `byte ${whole(p.offset)}${p.rows ? `, ${plural(p.rows, 'row')}` : ''}`)), h('span', { class: 'pre small' }, p.reason))));
}
