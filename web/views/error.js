// @ts-check
// One error item, and one occurrence of it: stack, request, what happened before, why, and the way to the trace and back.
import { hourBars } from '../charts/hour-bars.js';
import { icon } from '../charts/svg.js';
import { ago, plural, whole } from '../model/format.js';
import { curlOf, telemetry } from '../model/errors.js';
import { clock, stamp, zoneName } from '../model/time.js';
import { changeItem, errorItem, errorOccurrences, errorWhy, occurrence as readOccurrence, unmergeItem } from '../wire/errors.js';
import { assign, quiet as quietMenu } from './error-actions.js';
import { sidePanels } from './error-side.js';
import { stackPanel } from './error-stack.js';
import { groupingPanel, once, whyPanel } from './error-why.js';
import { deployMarks, stateBadge, titleParts, when } from './error-parts.js';
import { badge, breakable, copyButton, fill, h, say, service } from './dom.js';
import { asMarker, markerBefore, markerButton } from './markers.js';
import { go, link, place, refresh, utc, visited } from './router.js';
import { empty, failed, loader, skeleton } from './states.js';
import { copyTime, instant, linesAround } from './times.js';

/** @param {HTMLElement} host @returns {import('../app.js').Page} */
export function errorPage(host) {
  const { id } = place.get(), load = loader();
  let stops = /** @type {(() => void)[]} */ ([]), /** @type {any} */ shown = null;
  const quiet = () => { for (const stop of stops) stop(); stops = []; };
  let early = /** @type {ReturnType<typeof ahead> | null} */ (null);
  const read = () => load.run(host, (signal) => { early = ahead(id, signal); return errorItem(id, signal); }, (item) => { quiet(); shown = item; stops = draw(host, item, act, String(item.id) === id ? early : null); }, () => h('div', { class: 'panel' }, skeleton(14)));
  const act = async (/** @type {any} */ change) => {
    try { if (change.unmerge) await unmergeItem(id); else if (change.part) await unmergeItem(id, change.part); else await changeItem(id, change); } catch (error) { host.prepend(failed(error)); return; }
    say('Changed');
    if (change.unmerge && shown?.is_group) go(link('/ui/errors')); else read();
  };
  read();
  const stop = refresh.subscribe(read), back = () => { if (visited.get()) history.back(); else go(link('/ui/errors')); };
  const key = (/** @type {string} */ k, /** @type {string} */ says, /** @type {() => void} */ run) => ({ key: k, says, run });
  return { update() {}, close() { stop(); quiet(); load.stop(); }, keys: [
    key('r', 'Resolve, reopen', () => { if (shown) act({ status: shown.status === 'active' ? 'resolved' : 'active' }); }), key('m', 'Mute', () => act({ status: 'muted' })),
    key('t', 'Open the trace', () => { const trace = shown?.occurrence?.fields['trace.trace_id']; if (trace) go(traceOf(shown.occurrence, trace)); }), key('Backspace', 'Back', back)] };
}

const firstOccurrences = 25;

/** What the item's page asks besides the item, at the same time. @param {string} id @param {AbortSignal} signal */
function ahead(id, signal) {
  const why = errorWhy(id, signal), list = errorOccurrences(id, { limit: firstOccurrences }, signal);
  for (const one of [why, list]) one.catch(() => {}); // told where it is shown
  return { why, list };
}

/** One occurrence by itself. @param {HTMLElement} host @returns {import('../app.js').Page} */
export function occurrencePage(host) {
  const { id } = place.get(), load = loader();
  load.run(host, (signal) => readOccurrence(id, signal), (answer) => {
    const item = answer.item, [name, message] = item ? titleParts(item) : [answer.occurrence.fields.name ?? 'Occurrence', ''];
    document.title = `${name} · Cairn`;
    fill(host, h('div', { class: 'head' }, h('h1', { class: 'ttl1' }, h('b', {}, breakable(name)), message && `: ${message}`), h('span', { class: 'sub' }, `occurrence ${answer.occurrence.id}, `, instant(answer.occurrence.us), ` ${zoneName(answer.occurrence.us, utc.get())}`, copyTime(answer.occurrence.us)),
      item && h('span', { class: 'end' }, h('a', { class: 'btn sm', href: link(`/ui/errors/${item.id}`) }, `All of #${item.counter}`))),
    h('div', { class: 'grid error-two' }, h('div', { class: 'stack-4' }, main(answer.occurrence, item?.title ?? name, 'This occurrence')), h('div', { class: 'stack-4' }, before(answer.occurrence), groupingPanel(answer.grouping))));
  }, () => h('div', { class: 'panel' }, skeleton(14)));
  return { update() {}, close() { load.stop(); } };
}

/** @param {HTMLElement} host @param {any} item @param {(change: any) => void} act @param {ReturnType<typeof ahead> | null} early @returns {(() => void)[]} what ends with it */
function draw(host, item, act, early) {
  const [name, message] = titleParts(item), why = whyPanel(item, early?.why), list = occurrencesPanel(item, early?.list);
  document.title = `#${item.counter} ${name} · Cairn`;
  fill(host, h('div', { class: 'head' }, h('a', { class: 'btn ghost sq', href: link('/ui/errors'), 'aria-label': 'All errors' }, icon('left')),
    h('h1', { class: 'ttl1' }, h('b', {}, breakable(name)), message && `: ${message}`), stateBadge(item), h('span', { class: 'row end wrap' }, actions(item, act))),
  h('div', { class: 'row wrap dim item-line' }, h('span', {}, `#${item.counter}`), service(item.project, true), badge('', item.environment), badge(item.level === 'critical' || item.level === 'error' ? 'err' : item.level === 'warning' ? 'warn' : '', item.level),
    item.context && h('span', { class: 'mono small cut' }, item.context), h('span', {}, 'first seen ', when(item.first_us)), item.suspect_deploy && h('span', {}, 'after deploy ', markerButton({ ...asMarker(item.suspect_deploy), message: `${item.project} ${item.suspect_deploy.revision.slice(0, 12)}` }, item.suspect_deploy.revision), item.suspect_deploy.local_username && ` by ${item.suspect_deploy.local_username}`)),
  h('div', { class: 'grid error-two' }, h('div', { class: 'stack-4' }, figures(item), item.occurrence ? main(item.occurrence, item.title) : h('section', { class: 'panel' }, empty('Its occurrences are gone.', ['They were older than events are kept. The item remembers their counts.'])), list.element),
    h('div', { class: 'stack-4' }, why.element, item.occurrence && before(item.occurrence), sidePanels(item, act), (item.grouping ?? item.first_grouping) && groupingPanel(item.grouping ?? item.first_grouping))));
  const abort = new AbortController();
  if (!item.suspect_deploy) showDeployBefore(host, item, abort.signal);
  return [why.stop, list.stop, () => abort.abort()];
}

/** What went out last before it was first seen, where nobody told of a deploy of its project. @param {HTMLElement} host @param {any} item @param {AbortSignal} signal */
async function showDeployBefore(host, item, signal) {
  const marker = await markerBefore(item.first_us / 1e6, [item.project]);
  if (marker && !signal.aborted) host.querySelector('.item-line')?.append(h('span', { class: 'after-deploy' }, `${ago(marker.start_time * 1e6, item.first_us).replace(/ ago$/, '')} after `, markerButton(marker)));
}

/** @param {any} item @param {(change: any) => void} act */
function actions(item, act) {
  const button = (/** @type {string} */ text, /** @type {any} */ change, primary = false, key = '') => h('button', { class: `btn sm ${primary ? 'pri' : ''}`, type: 'button', onclick: () => act(change) }, text, key && h('kbd', {}, key));
  if (item.status !== 'active') return [button('Reopen', { status: 'active' }, true, 'r')];
  const menu = (/** @type {any} */ text, /** @type {(anchor: HTMLElement) => void} */ open) => { const opener = h('button', { class: 'btn sm', type: 'button', 'aria-haspopup': 'dialog', onclick: () => open(opener) }, text, icon('down')); return opener; };
  return [(item.is_group || item.group_id) && button(item.is_group ? 'Unmerge all' : 'Unmerge', { unmerge: true }),
    menu(item.assigned_user ? ['Assigned to ', h('b', {}, item.assigned_user)] : 'Assign', (anchor) => assign(anchor, item.users, item.assigned_user != null, act)), menu('Mute', (anchor) => quietMenu(anchor, act)),
    item.last_version && button(`Resolve in ${item.last_version}`, { status: 'resolved', resolved_in_version: item.last_version }), button('Resolve', { status: 'resolved' }, true, 'r')];
}

/** @param {any} item */
function figures(item) {
  const fact = (/** @type {string} */ name, /** @type {any} */ value) => h('div', {}, h('dt', {}, name), h('dd', {}, value));
  return h('section', { class: 'panel', 'aria-label': 'Figures' }, h('div', { class: 'pad row wrap item-figures' }, h('dl', { class: 'kp' }, fact('Times', whole(item.total)), fact('People', item.people ? whole(item.people) : '–'),
    fact('Addresses', item.addresses ? whole(item.addresses) : '–'), fact('Last seen', ago(item.last_us, Date.now() * 1000))),
  h('div', { class: 'end week' }, weekBars(item))));
}

/** Seven days by three hours; of what is younger than a day, that day by its hours. @param {any} item */
function weekBars(item) {
  const isYoung = Date.now() * 1000 - item.first_us < 23 * 3_600e6, hours = isYoung ? item.hours.slice(-24) : item.hours, per = isYoung ? 1 : 3, end = (Math.floor(Date.now() / 3_600_000) + 1) * 3_600e6, start = end - hours.length * 3_600e6;
  const sums = Array.from({ length: Math.ceil(hours.length / per) }, (_, i) => hours.slice(i * per, (i + 1) * per).reduce((/** @type {number} */ a, /** @type {number} */ b) => a + b, 0));
  return hourBars(sums, deployMarks(item.deploys, start, end, false), [{ at: 0, text: isYoung ? '24 hours ago' : '7 days ago' }, { at: 1, text: 'now' }], `Occurrences of the last ${isYoung ? '24 hours' : 'seven days'}, with deploys`);
}

/** The failed requests of the same route at that moment: one of them is the occurrence's. @param {any} o */
function likelyTraces(o) {
  const route = o.fields['http.route'] ?? o.fields.context, second = Math.floor(o.us / 1e6);
  return typeof route === 'string' && route.startsWith('/') && h('a', { class: 'btn sm', href: link('/ui/traces', { ds: null, error: '1',
    f: JSON.stringify(['http.route', '=', route]), t: `${second - 2}..${second + 3}` }) }, 'Failed requests of this route then');
}

/** Where an open span lies beside the others and not over them. */
const hasRoom = matchMedia('(min-width: 1181px)');

/** The trace, open at the span in which it happened. @param {any} o @param {string} trace */
function traceOf(o, trace) { return link(`/ui/trace/${trace}`, { span: hasRoom.matches && o.fields['trace.trace_id'] === trace ? o.fields['trace.span_id'] ?? o.fields['trace.parent_id'] : null }); }

/** With its day, unless that is today. @param {number} us */
function moment(us) {
  const at = stamp(us, utc.get());
  return at.startsWith(stamp(Date.now() * 1000, utc.get()).slice(0, 10)) ? clock(us, utc.get()) : at;
}

/** The fields by which an occurrence tells a thing, the surest first. @type {Record<string, string[]>} */
const tellers = { version: ['code_version', 'service.version', 'app.version'], host: ['host.name', 'server.address'],
  person: ['person.username', 'person.email', 'person.id', 'enduser.id', 'user.id'], address: ['client.address'] };

/** @param {Record<string, any>} fields @param {string} thing @returns {any} null where nothing tells it */
function toldBy(fields, thing) { return tellers[thing].map((field) => fields[field]).find((v) => v != null && v !== '') ?? null; }

/** Of one occurrence: the way to its trace, its stack, its request. @param {any} o @param {string} about its item's title @param {string} [title] */
function main(o, about, title = 'Latest occurrence') {
  const own = o.fields['trace.trace_id'], told = own ? null : o.also.find((/** @type {any} */ a) => a.trace), trace = own ?? told?.trace, stack = stackPanel(o, about), request = o.data.request, curl = curlOf(request), message = o.data.body?.message?.body ?? o.data.body?.crash_report?.raw;
  const hidden = /^(meta\.|item\.|exception\.stacktrace|occurrence\.)/;
  const fields = Object.entries(o.fields).filter(([name]) => !hidden.test(name));
  return [
    h('section', { class: 'panel', 'aria-label': 'Trace of this occurrence' }, h('div', { class: 'pad row wrap' }, h('b', {}, title), h('a', { href: link(`/ui/occurrence/${o.id}`) }, instant(o.us, moment(o.us))), copyTime(o.us), h('span', { class: 'dim' }, ago(o.us, Date.now() * 1000)), trace
      ? [h('span', { class: 'faint' }, told ? `${told.door} knows ${told.sure ? 'its trace' : 'a trace of that moment'}` : 'in trace'), h('a', { class: 'mono small cut', href: traceOf(o, trace) }, trace), h('span', { class: 'end row wrap' }, h('a', { class: 'btn sm', href: linesAround(o.us), title: 'What all programs wrote two seconds before and after' }, 'Lines around'), h('a', { class: 'btn sm', href: link('/ui/logs', { q: `filter trace.trace_id = "${trace}" | fields @timestamp, @message | sort @timestamp asc | limit 500`, t: `${Math.floor(o.us / 1e6) - 3600}..${Math.ceil(o.us / 1e6) + 3600}` }) }, 'Log lines'),
        h('a', { class: 'btn sm', href: traceOf(o, trace) }, 'Open trace', h('kbd', {}, 't')))]
      : [h('span', { class: 'dim' }, 'no trace id came with it'), h('span', { class: 'end row wrap' }, h('a', { class: 'btn sm', href: linesAround(o.us), title: 'What all programs wrote two seconds before and after' }, 'Lines around'), likelyTraces(o))]),
    h('div', { class: 'pad row wrap also' }, Object.keys(tellers).map((name) => {
      const value = toldBy(o.fields, name);
      return value != null && h('span', { class: 'row' }, h('span', { class: 'faint' }, name), h('b', { class: 'cut' }, String(value)));
    }), h('span', { class: 'faint' }, 'Seen through'), h('span', {}, o.door), o.also.length > 0 && [h('span', { class: 'faint' }, 'also seen through'),
      o.also.map((/** @type {any} */ a) => h('a', { class: 'chip', href: link(`/ui/occurrence/${a.id}`) }, a.door))])),
    stack,
    !stack && typeof message === 'string' && h('section', { class: 'panel', 'aria-label': 'Message' }, h('header', {}, h('h2', {}, 'Message')), h('pre', { class: 'pad pre' }, message.slice(0, 20_000))),
    curl && h('section', { class: 'panel', 'aria-label': 'Request' }, h('header', {}, h('h2', {}, 'Request'), h('span', { class: 'sub' }, 'again, without its secrets'), h('span', { class: 'end' }, copyButton(curl, 'Copy curl', 'the request as curl'))), h('pre', { class: 'pre' }, curl)),
    h('section', { class: 'panel', 'aria-label': 'Fields' }, h('header', {}, h('h2', {}, 'Fields'), h('span', { class: 'sub' }, plural(fields.length, 'field')), h('span', { class: 'end' }, copyButton(() => JSON.stringify(o.data, null, 2), 'Copy payload', 'the payload'))),
      h('dl', { class: 'kv pad' }, fields.map(([name, value]) => [h('dt', {}, breakable(name)), h('dd', {}, String(value))]))),
  ];
}

/** What the notifier saw before it happened. @param {any} o */
function before(o) {
  const events = telemetry(o.data);
  return events.length > 0 && h('section', { class: 'panel', 'aria-label': 'Before it happened' }, h('header', {}, h('h2', {}, 'Before it happened')), events.map((e) => h('div', { class: 'crumb' }, h('span', { class: 'faint nowrap' }, `${e.us <= o.us ? '−' : '+'}${Math.abs((e.us - o.us) / 1e6).toFixed(2)} s`),
    h('span', { class: 'chip' }, e.kind), h('span', { class: `cut ${e.level === 'error' ? 't-err' : ''}`, title: e.text }, e.text))));
}

/** @param {any} item @param {Promise<any>} [early] the answer, where it was asked for already */
function occurrencesPanel(item, early) {
  const body = h('div', {}), load = loader();
  load.run(body, once(early, (signal) => errorOccurrences(String(item.id), { limit: firstOccurrences }, signal)), (answer) => fill(body, h('table', { class: 'tbl list dense' },
    h('thead', {}, h('tr', {}, ['When', 'Person', 'Address', 'Version', 'Through', 'Trace'].map((text) => h('th', { scope: 'col', class: text === 'Version' || text === 'Through' ? 'hide-s' : '' }, text)))),
    h('tbody', {}, answer.occurrences.map((/** @type {any} */ o) => { const f = o.fields, trace = f['trace.trace_id'] ?? o.also.find((/** @type {any} */ a) => a.trace)?.trace;
      return h('tr', {}, h('td', {}, h('a', { href: link(`/ui/occurrence/${o.id}`), 'data-row': true }, instant(o.us, stamp(o.us, utc.get()).slice(5, 19)))), h('td', { 'data-l': 'person' }, String(toldBy(f, 'person') ?? '–')),
        h('td', { 'data-l': 'address', class: 'mono small' }, toldBy(f, 'address') ?? '–'), h('td', { class: 'hide-s' }, String(toldBy(f, 'version') ?? '–')), h('td', { class: 'hide-s small', title: o.also.map((/** @type {any} */ a) => a.door).join(', ') }, o.door, o.also.length > 0 && h('span', { class: 'dim' }, ` +${o.also.length}`)), h('td', { class: 'mono small' }, trace ? h('a', { href: link(`/ui/trace/${trace}`) }, `${trace.slice(0, 8)}…`) : '–')); })))));
  return { stop: load.stop, element: h('section', { class: 'panel', 'aria-label': 'Occurrences' }, h('header', {}, h('h2', {}, 'Occurrences'), h('span', { class: 'sub' }, `newest of ${whole(item.total)}`)), body) };
}
