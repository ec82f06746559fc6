// @ts-check
// Error items of every door: a list with filters, sparklines and actions. With an id in the address: that item.
import { hourBars } from '../charts/hour-bars.js';
import { sparkbars } from '../charts/sparkline.js';
import { icon } from '../charts/svg.js';
import { plural, whole } from '../model/format.js';
import { changeItem, errorItems, mergeItems } from '../wire/errors.js';
import { errorPage } from './error.js';
import { assign, quiet } from './error-actions.js';
import { deployMarks, levelStripe, stateBadge, titleParts, when } from './error-parts.js';
import { clock } from '../model/time.js';
import { badge, fill, h, say, service } from './dom.js';
import { go, isAnyTime, link, patch, place, refresh, setRange, time, utc } from './router.js';
import { empty, failed, loader, skeleton } from './states.js';

const typingPause = 300; // ms
const pageSize = 100;
const levels = ['critical', 'error', 'warning', 'info', 'debug'];
const tabs = [['active', 'Active'], ['resolved', 'Resolved'], ['muted', 'Muted'], ['archived', 'Archived']];
const sorts = { last: 'Last seen', total: 'Times', day: 'Times in 24 h', first: 'First seen', level: 'Level' };

/** Where the filters are no column of their own. */
const narrow = matchMedia('(max-width: 1100px)');

/** How many filters hold. */
function countPicked() { const s = searchOf(); return s.level.length + s.project.length + s.environment.length + s.owner.length; }

function searchOf(params = place.get().params) {
  const sort = params.get('sort') ?? '';
  return { status: params.get('status') || 'active', level: params.getAll('level'), project: params.getAll('project'), environment: params.getAll('in'), owner: params.getAll('owner'),
    query: params.get('q') ?? '', sort: sort in sorts ? sort : 'last', limit: Math.min(1000, Number(params.get('limit')) || pageSize),
    isNew: params.get('new') === '1' && !isAnyTime() };
}

/** @param {HTMLElement} host @returns {import('../app.js').Page} */
export function errorsPage(host) {
  if (place.get().id) return errorPage(host);
  const head = h('div', { class: 'head' }), boxes = h('div'), picked = h('span', { class: 'c' }), facets = h('details', { class: 'panel fcs', 'aria-label': 'Filters', open: !narrow.matches }, h('summary', {}, 'Filters ', picked), boxes),
    chart = h('section', { class: 'panel', 'aria-label': 'Occurrences by hour' }), body = h('section', { class: 'panel', 'aria-label': 'Items' }), load = loader();
  const chosen = /** @type {Set<number>} */ (new Set());
  fill(host, head, h('div', { class: 'grid errors-two' }, facets, h('div', { class: 'stack-4' }, chart, body)));
  let /** @type {string | null} */ asked = null, /** @type {any} */ shown = null;
  const draw = () => { if (shown) { drawHead(head, shown, chosen, act); drawFacets(boxes, shown); picked.textContent = countPicked() || ''; drawChart(chart, shown); drawItems(body, shown, chosen, draw); } };
  const read = () => {
    const s = searchOf();
    return load.run(body, (signal) => errorItems({ ...s, isNew: undefined, new: s.isNew || undefined, ...(isAnyTime() ? {} : time()), level: s.level.join(), project: s.project.join(), environment: s.environment.join(), owner: s.owner.join() }, signal), (answer) => {
      shown = answer;
      for (const id of chosen) if (!answer.items.some((/** @type {any} */ i) => i.id === id)) chosen.delete(id);
      draw();
    }, () => skeleton(10));
  };
  const act = async (/** @type {any} */ change) => {
    const ids = [...chosen];
    if (!ids.length) { say('No item is selected'); return; }
    try {
      if (change.merge) { const group = await mergeItems(ids[0], ids.slice(1)); chosen.clear(); go(link(`/ui/errors/${group.id}`)); return; }
      for (const id of ids) await changeItem(id, change);
    } catch (error) { body.prepend(h('div', { class: 'pad' }, failed(error))); return; }
    chosen.clear();
    say(`${plural(ids.length, 'item')} changed`);
    read();
  };
  const update = () => { const now = String(place.get().params); if (now !== asked) { asked = now; read(); } };
  update();
  const stop = refresh.subscribe(read);
  return { update, close() { stop(); load.stop(); }, keys: [{ key: 'r', says: 'Resolve the selected items', run: () => act({ status: 'resolved' }) },
    { key: 'm', says: 'Mute the selected items', run: () => act({ status: 'muted' }) }] };
}

/** @param {HTMLElement} host @param {any} answer @param {Set<number>} chosen @param {(change: any) => void} act */
function drawHead(host, answer, chosen, act) {
  const s = searchOf(), n = chosen.size, button = (/** @type {string} */ text, /** @type {any} */ change, primary = false) => h('button', { class: `btn sm ${primary ? 'pri' : ''}`, type: 'button',
    disabled: n < (change.merge ? 2 : 1), onclick: () => act(change) }, text);
  const menu = (/** @type {string} */ text, /** @type {(anchor: HTMLElement) => void} */ open) => { const opener = h('button', { class: 'btn sm', type: 'button', disabled: n < 1, 'aria-haspopup': 'dialog', onclick: () => open(opener) }, text, icon('down')); return opener; };
  const seen = isAnyTime() ? '' : s.isNew ? ', first seen in this time' : ', seen in this time', counted = isAnyTime() ? answer.hours.reduce((/** @type {number} */ a, /** @type {number} */ b) => a + b, 0) : answer.times;
  fill(host, h('h1', {}, 'Errors'), h('span', { class: 'sub' }, `${plural(answer.total, 'item')}${s.status === 'any' ? '' : ` ${s.status}`}${seen}, ${plural(counted, 'occurrence')} in ${seen ? 'it' : '24 h'}`),
    h('span', { class: 'row end wrap' }, h('a', { class: 'btn sm ghost', href: link('/ui/rules') }, 'Notifications'), h('span', { class: 'row hide-s' }, s.status === 'active' ? [button('Merge', { merge: true }), menu('Assign', (anchor) => assign(anchor, answer.users, true, act)), menu('Mute', (anchor) => quiet(anchor, act)),
      button(n ? `Resolve ${n}` : 'Resolve', { status: 'resolved' }, true)] : button('Reopen', { status: 'active' }, true))));
}

/** Occurrences of all that is listed, with the deploys of the day. @param {HTMLElement} host @param {any} answer */
function drawChart(host, answer) {
  const end = answer.hour_us + 3_600e6, start = end - 24 * 3_600e6, at = (/** @type {number} */ part) => ({ at: part, text: clock(start + part * (end - start), utc.get()).slice(0, 5) });
  fill(host, h('div', { class: 'pad' }, hourBars(answer.hours, deployMarks(answer.deploys, start, end, answer.projects.length > 1), [0, 0.25, 0.5, 0.75, 1].map(at), 'Occurrences by hour in 24 hours, with deploys',
    { band: chosen(start, end), tell: (i) => `${at(i / 24).text} to ${at((i + 1) / 24).text}: ${plural(answer.hours[i], 'occurrence')}. Click to see that hour's items.`,
      pick: (i) => setRange({ start: Math.round(start / 1e6) + i * 3600, end: Math.round(start / 1e6) + (i + 1) * 3600 }) })));
}

/** The part of the chart that the page is about. @param {number} start @param {number} end us */
function chosen(start, end) {
  if (isAnyTime()) return null;
  const t = time(), at = (/** @type {number} */ s) => Math.min(1, Math.max(0, (s * 1e6 - start) / (end - start)));
  return { from: at(t.start), to: Math.max(at(t.end), at(t.start) + 0.004) };
}

/** @param {HTMLElement} host @param {any} answer */
function drawFacets(host, answer) {
  const s = searchOf(), of = answer.facets;
  const box = (/** @type {string} */ key, /** @type {string[]} */ on, /** @type {string} */ value, /** @type {any} */ name, /** @type {number} */ counted) => h('label', {},
    h('input', { type: 'checkbox', checked: on.includes(value), onchange: () => patch({ [key]: on.includes(value) ? on.filter((v) => v !== value) : [...on, value] }) }), name, h('span', { class: 'end num faint' }, counted ? whole(counted) : ''));
  const facet = (/** @type {string} */ title, /** @type {any[]} */ rows) => rows.length > 0 && h('fieldset', { class: 'fc' }, h('legend', {}, title), rows);
  fill(host, facet('Level', levels.map((l) => box('level', s.level, l, h('span', {}, l), of.level[l]))),
    facet('Project or service', answer.projects.map((/** @type {string} */ p) => box('project', s.project, p, service(p), of.project[p]))),
    facet('Environment', answer.environments.map((/** @type {string} */ e) => box('in', s.environment, e, h('span', { class: 'cut' }, e), of.environment[e]))),
    facet('Owner', answer.owners.length ? [box('owner', s.owner, '0', h('span', {}, 'nobody'), answer.unowned), ...answer.owners.map((/** @type {any} */ u) => box('owner', s.owner, String(u.id), h('span', { class: 'cut', title: u.email }, u.username), u.count))] : []));
}

/** @param {HTMLElement} host @param {any} answer @param {Set<number>} chosen @param {() => void} again */
function drawItems(host, answer, chosen, again) {
  const s = searchOf();
  let timer = 0;
  const find = h('input', { value: s.query, placeholder: 'words, #12, class:, host:, user_id:', 'aria-label': 'Find items', 'data-find': true,
    oninput: () => { clearTimeout(timer); timer = window.setTimeout(() => { if (host.isConnected) patch({ q: find.value.trim() }, { replace: true }); }, typingPause); } });
  const sort = h('select', { class: 'input', 'aria-label': 'Order', onchange: () => patch({ sort: sort.value === 'last' ? null : sort.value }) },
    Object.entries(sorts).map(([value, text]) => h('option', { value, selected: value === s.sort }, text)));
  const focused = document.activeElement?.getAttribute('data-find') != null && host.contains(document.activeElement);
  fill(host, h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'State' }, tabs.map(([value, text]) => h('button', { role: 'tab', type: 'button',
    'aria-selected': s.status === value, onclick: () => patch({ status: value === 'active' ? null : value }) }, text, ' ', h('span', { class: 'c' }, whole(answer.by_status[value]))))),
  h('div', { class: 'tools' }, h('label', { class: 'input name' }, icon('search', 'i faint'), find, h('kbd', { class: 'hide-s' }, 'f')), h('button', { class: 'btn', type: 'button', hidden: isAnyTime(), 'aria-pressed': s.isNew, title: 'Only items that were never seen before this time', onclick: () => patch({ new: s.isNew ? null : '1' }) }, 'New in this time'),
    h('span', { class: 'end' }, sort)),
  answer.items.length ? table(answer.items, chosen, again, new Map(answer.owners.map((/** @type {any} */ u) => [u.id, u.username]))) : nothing(s),
  answer.items.length >= s.limit && h('div', { class: 'pad row' }, h('button', { class: 'btn end', type: 'button', onclick: () => patch({ limit: String(s.limit * 2) }) }, `Show ${s.limit * 2}`)));
  if (focused) { find.focus(); find.setSelectionRange(find.value.length, find.value.length); }
}

/** @param {any[]} items @param {Set<number>} chosen @param {() => void} again @param {Map<number, string>} owners */
function table(items, chosen, again, owners) {
  const all = items.every((i) => chosen.has(i.id));
  const tick = (/** @type {any[]} */ list, /** @type {boolean} */ on) => { for (const i of list) if (on) chosen.add(i.id); else chosen.delete(i.id); again(); };
  return h('table', { class: 'tbl list items' }, h('thead', {}, h('tr', {}, h('th', { class: 'ck', scope: 'col' }, h('input', { type: 'checkbox', checked: all, 'aria-label': 'Select all',
    onchange: () => tick(items, !all) })), ['Item', isAnyTime() ? '24 h, per hour' : 'In this time', 'Times', 'People', 'Last seen'].map((text, i) => h('th', { scope: 'col', class: i === 1 ? 'hide-m' : i > 1 ? 'num' : '' }, text)))),
  h('tbody', {}, items.map((item) => row(item, chosen.has(item.id), owners.get(item.assigned_user_id), (on) => tick([item], on)))));
}

/** @param {any} item @param {boolean} on @param {string | undefined} owner @param {(on: boolean) => void} tick */
function row(item, on, owner, tick) {
  const to = link(`/ui/errors/${item.id}`), [name, message] = titleParts(item), bars = item.bars ?? item.hours, lately = bars.some((/** @type {number} */ n) => n > 0), times = item.times ?? item.total;
  return h('tr', { class: 'go', 'aria-selected': on, onclick: (/** @type {MouseEvent} */ e) => { if (!/** @type {HTMLElement} */ (e.target).closest('a, input')) go(to); } },
    h('td', { class: 'ck' }, h('input', { type: 'checkbox', checked: on, 'aria-label': `Select #${item.counter}`, onchange: () => tick(!on) })),
    h('td', { class: 'wide' }, h('div', { class: 'ttl' }, levelStripe(item.level), h('div', { class: 'ti' },
      h('div', { class: 'cut' }, h('a', { href: to, 'data-row': true }, name), message && h('span', { class: 'dim' }, `: ${message}`)),
      h('div', { class: 'm' }, stateBadge(item), item.is_group && h('span', { class: 'badge info' }, 'Group'), h('span', { class: 'faint' }, `#${item.counter}`), service(item.project), owner && badge('info', owner),
        h('span', {}, item.environment), item.context && h('span', { class: 'mono cut' }, item.context))))),
    h('td', { class: 'hide-m' }, sparkbars(bars, { width: 150, height: 24, colour: lately && stateBadge(item) ? 'var(--err)' : 'var(--base)' })),
    h('td', { class: 'num b', 'data-l': 'times', title: times === item.total ? null : `${whole(item.total)} in all` }, whole(times), times !== item.total && h('div', { class: 'small faint of-all' }, `of ${whole(item.total)}`)), h('td', { class: 'num', 'data-l': 'people' }, item.people ? whole(item.people) : h('span', { class: 'faint', title: 'no person in these events' }, '–')),
    h('td', { class: 'num dim', 'data-l': 'last seen' }, when(item.last_us)));
}

/** @param {ReturnType<typeof searchOf>} s */
function nothing(s) {
  if (!isAnyTime()) return empty('No item matches.', ['No such error happened in this time.'], [h('button', { class: 'btn', type: 'button', onclick: () => patch({ t: null, new: null }) }, 'Look at any time')]);
  if (s.query || s.level.length || s.project.length || s.environment.length || s.owner.length || s.status !== 'active') return empty('No item matches.', ['Take a filter away, or look at another state.'],
    [h('button', { class: 'btn', type: 'button', onclick: () => patch({ q: null, level: null, project: null, in: null, owner: null, status: null }) }, 'All active items')]);
  return empty('No error yet.', ['Errors come from a Rollbar notifier, and from exceptions in spans, segments and log lines of every other door.'],
    [h('a', { class: 'btn', href: link('/ui/send') }, 'Send data')]);
}
