// @ts-check
// Which log groups are looked at, and the streams of one.
import { icon } from '../charts/svg.js';
import { ago, plural } from '../model/format.js';
import * as logs from '../wire/logs.js';
import { fill, h, service } from './dom.js';
import { popover } from './popover.js';
import { link } from './router.js';
import { failed, skeleton } from './states.js';
import { quoted } from '../model/insights.js';

/** @param {() => string[]} chosen @param {(names: string[]) => void} choose */
export function groupsButton(chosen, choose) {
  const words = h('span', { class: 'cut' });
  const element = h('button', { class: 'chip groups', type: 'button', 'aria-haspopup': 'dialog', onclick: () => open(element, chosen, choose) }, words, icon('down'));
  return { element, update() {
    const names = chosen();
    words.textContent = !names.length ? 'all groups' : names.length === 1 ? names[0] : plural(names.length, 'group');
    element.setAttribute('aria-label', `Log groups: ${names.join(', ') || 'all'}`);
  } };
}

/** @param {HTMLElement} anchor @param {() => string[]} chosen @param {(names: string[]) => void} choose */
function open(anchor, chosen, choose) {
  popover(anchor, 'Log groups', (close) => {
    const list = h('div', { class: 'list groups-list' }, skeleton(4)), picked = new Set(chosen());
    const find = h('input', { placeholder: 'Find a group', 'aria-label': 'Find a group', oninput: () => draw() });
    /** @type {logs.Group[]} */
    let groups = [];
    const done = () => { close(); choose([...picked]); };
    const draw = () => {
      const wanted = find.value.trim().toLowerCase();
      const fits = groups.filter((g) => g.name.toLowerCase().includes(wanted));
      fill(list, fits.map((g) => row(g, picked, close)), !fits.length && h('p', { class: 'small dim pad' }, groups.length ? 'No group has this name.'
        : 'No log group yet: CreateLogGroup, WatchTower or OpenTelemetry logs make one.'));
    };
    logs.groups().then((answer) => { groups = answer.groups; draw(); }, (error) => fill(list, failed(error)));
    return h('div', { class: 'stack' }, h('label', { class: 'input' }, icon('search', 'i faint'), find), list, h('div', { class: 'end-row' },
      h('button', { class: 'btn sm', type: 'button', onclick: () => { picked.clear(); done(); } }, 'All groups'),
      h('button', { class: 'btn sm pri', type: 'button', onclick: done }, 'Show')));
  }, 460);
}

/** @param {logs.Group} group @param {Set<string>} picked @param {() => void} close */
function row(group, picked, close) {
  const box = h('input', { type: 'checkbox', checked: picked.has(group.name), onchange: () => { if (box.checked) picked.add(group.name); else picked.delete(group.name); } });
  const streams = h('div', { class: 'streams' });
  const more = h('details', { ontoggle: async () => {
    if (!more.open || streams.hasChildNodes()) return;
    fill(streams, skeleton(2));
    try {
      const { streams: found } = await logs.streams(group.name);
      fill(streams, found.map((s) => h('a', { class: 'opt', href: link('/ui/logs', { g: group.name, q: `filter @logStream = ${quoted(s.name)} | fields @timestamp, @message | limit 200` }), onclick: close },
        h('span', { class: 'mono cut' }, s.name), h('span', { class: 'end faint small nowrap' }, `${plural(s.lines, 'line')}, ${ago(s.last_us, Date.now() * 1000)}`))),
      !found.length && h('p', { class: 'small dim' }, 'No stream has lines.'));
    } catch (error) { fill(streams, failed(error)); }
  } }, h('summary', { class: 'small faint' }, 'streams'), streams);
  return h('div', { class: 'group-row' }, h('label', { class: 'opt' }, box, service(group.name),
    h('span', { class: 'end faint small nowrap' }, group.lines ? `${plural(group.lines, 'line')}, ${ago(group.last_us, Date.now() * 1000)}` : 'no lines')), more);
}
