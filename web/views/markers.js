// @ts-check
// Deploys and other markers as flags over a chart of time.
import { signal } from '../model/signal.js';
import { clock, zoneName } from '../model/time.js';
import { filterTexts } from '../model/query.js';
import { boxText } from '../model/heatbox.js';
import { everything } from '../wire/api.js';
import { deploys } from '../wire/errors.js';
import { markersOf } from '../wire/honeycomb.js';
import { datasets } from './catalog.js';
import { fill, h } from './dom.js';
import { popover } from './popover.js';
import { go, link, time, utc } from './router.js';
import { copyTime, instant } from './times.js';

/** @typedef {import('../wire/honeycomb.js').Marker} Marker */

/** The markers of the datasets on the page and of the whole environment, and the deploys that Rollbar was told of. */
const markers = signal(/** @type {(Marker & {dataset?: string})[]} */ ([]));
const leastCompared = 600, mostCompared = 7200; // s before and after a marker
const leastShown = 0.001, mostShown = 3.6e6; // ms: as good as every duration
const mostBefore = 6 * 3600; // s: what went out longer ago is no news
const mostServices = 8; // whose own markers are asked for
const labelMost = 150, labelLeast = 34; // px: the width of a flag; with less room there is none

/** Reads them again; without an answer there are none, and the charts are what they are. @param {string[]} names of the datasets */
export async function readMarkers(...names) {
  const told = deploys(time()).then((answer) => answer.deploys.map(asMarker), () => []);
  const lists = await Promise.all([told, ...[...new Set([...names, everything])].map((dataset) => markersOf(dataset).then((list) => list.map((marker) => ({ ...marker, dataset })), () => []))]);
  markers.set(lists.flat().sort((a, b) => a.start_time - b.start_time));
}

/** @param {any} deploy @returns {Marker} */
export function asMarker(deploy) {
  const who = deploy.local_username ? ` by ${deploy.local_username}` : '';
  return { id: `deploy ${deploy.id}`, type: 'deploy', message: `${deploy.project} ${deploy.revision.slice(0, 12)}${who}`, start_time: deploy.start_time };
}

/**
 * A layer over a chart.
 * @param {HTMLElement} host the chart's box, position relative
 * @param {() => {left: number, right: number, at: (us: number) => number} | null} frame
 * @param {string} [dataset] what the chart is of, where the page has charts of several
 */
export function markerLayer(host, frame, dataset) {
  const layer = h('div', { class: 'markers' });
  host.append(layer);
  const draw = () => {
    const f = frame(), seen = f ? placed(markers.get().filter((m) => !dataset || !m.dataset || m.dataset === everything || m.dataset === dataset), f) : [];
    let taken = 0; // up to here flags are written
    fill(layer, seen.map(({ marker, at, width }, i) => {
      const behind = Math.min(labelMost, (seen[i + 1]?.at ?? f?.right ?? at) - at - 4), before = Math.min(labelMost, at - taken - 4);
      const toLeft = behind < Math.min(80, before), room = toLeft ? before : behind;
      if (room < labelLeast) return element(marker, at, width, 0, false);
      taken = toLeft ? at : at + room;
      return element(marker, at, width, room, toLeft);
    }));
  };
  const stop = markers.subscribe(draw);
  return { draw, stop };
}

/** The same over a heatmap, whose own frame is in seconds. @param {HTMLElement} host @param {() => ReturnType<typeof import('../charts/heatmap.js').heatFrame>} frame @param {string} [dataset] */
export function heatMarkerLayer(host, frame, dataset) {
  return markerLayer(host, () => {
    const f = frame();
    return f && { left: f.left, right: f.right, at: (us) => f.x.at(us / 1e6) };
  }, dataset);
}

/** Those in view, cut to it. @param {Marker[]} list by time @param {{left: number, right: number, at: (us: number) => number}} f */
function placed(list, f) {
  return list.flatMap((marker) => {
    const start = f.at(marker.start_time * 1e6), end = f.at((marker.end_time ?? marker.start_time) * 1e6), at = Math.max(f.left, start);
    return end < f.left || start > f.right ? [] : [{ marker, at, width: Math.min(f.right, end) - at }];
  });
}

/** @param {Marker} marker @param {number} at @param {number} width @param {number} room for the flag @param {boolean} toLeft */
function element(marker, at, width, room, toLeft) {
  const text = marker.message || marker.type || 'marker', name = [marker.type, marker.message].filter(Boolean).join(': ') || 'marker';
  const title = `${name}, ${clock(marker.start_time * 1e6, utc.get())}`, vars = { 'max-width': `${room}px` };
  const colour = /^#[0-9a-f]{6}$/i.test(marker.color ?? '') ? marker.color : null;
  const label = room > 0 && h('button', { type: 'button', title, class: 'cut', vars, 'aria-haspopup': 'dialog', onpointerdown: (/** @type {Event} */ e) => e.stopPropagation(),
    onclick: (/** @type {Event} */ e) => { e.stopPropagation(); popover(/** @type {HTMLElement} */ (label), name, (close) => menu(marker, name, close), 320); } }, text);
  return h('div', { class: `marker ${toLeft ? 'left' : ''} ${width > 1 ? 'range' : ''}`, 'aria-label': title, role: 'note',
    vars: { left: `${at}px`, ...(width > 1 && { width: `${width}px` }), ...(colour && { '--c': colour }) } }, label);
}

/** A marker told in a line of text, with the same ways from it as from its flag. @param {Marker} marker @param {string} [text] @returns {HTMLElement} */
export function markerButton(marker, text = marker.message || marker.type || 'marker') {
  const name = [marker.type, marker.message].filter(Boolean).join(': ') || 'marker';
  const button = h('button', { class: 'plain marker-link', type: 'button', title: name, 'aria-haspopup': 'dialog', onclick: () => popover(button, name, (close) => menu(marker, name, close), 320) }, text);
  return button;
}

/**
 * What went out last before a moment, of these services or of the whole environment; null where nothing did.
 * @param {number} seconds Unix @param {string[]} services @returns {Promise<Marker | null>}
 */
export async function markerBefore(seconds, services) {
  const told = deploys({ start: Math.floor(seconds) - mostBefore, end: Math.ceil(seconds) }).then((answer) => answer.deploys.filter((d) => services.includes(d.project)).map(asMarker), () => []);
  const lists = await Promise.all([told, ...[everything, ...services.slice(0, mostServices)].map((name) => markersOf(name).catch(() => []))]);
  return lists.flat().filter((m) => m.start_time <= seconds && m.start_time > seconds - mostBefore).sort((a, b) => b.start_time - a.start_time)[0] ?? null;
}

/** Where one goes from a marker: what is new since, what differs since, and its own link. @param {Marker} marker @param {string} name @param {() => void} close */
function menu(marker, name, close) {
  const start = marker.start_time, shown = time(), now = Math.ceil(Date.now() / 1000), length = Math.min(mostCompared, Math.max(leastCompared, (shown.end - shown.start) / 2));
  const end = Math.min(now, Math.ceil(start + length)), since = Math.max(start + 1, Math.min(now, Math.ceil(shown.end)));
  const project = (marker.message ?? '').split(' ')[0], isService = datasets.get().some((d) => d.name === project);
  const way = (/** @type {string} */ url, /** @type {string} */ text, /** @type {string} */ note) => h('a', { class: 'opt', href: url, onclick: (/** @type {MouseEvent} */ e) => { if (e.metaKey || e.ctrlKey) return; e.preventDefault(); close(); go(url); } },
    text, h('span', { class: 'end faint small' }, note));
  const box = boxText({ column: 'duration_ms', min: leastShown, max: mostShown, start, end: Math.max(end, start + 1) });
  return h('div', { class: 'stack' }, h('b', {}, name), h('span', { class: 'small dim row' }, instant(start * 1e6), zoneName(start * 1e6, utc.get()), copyTime(start * 1e6)),
    h('div', { class: 'list' }, way(link('/ui/errors', { t: `${start}..${since}`, new: '1' }), 'Errors that are new since', 'Errors'),
      way(link('/ui/explore', { t: `${Math.floor(start - length)}..${end}`, box, ds: null, f: isService ? filterTexts([{ column: 'service.name', op: '=', value: project }]) : [] }), 'What differs from before', isService ? `BubbleUp of ${project}` : 'BubbleUp'),
      way(link('/ui/services', { t: `${Math.floor(start - length)}..${end}` }), 'Just before and after', 'Services')),
    /^https?:\/\//.test(marker.url ?? '') && h('a', { href: marker.url, target: '_blank', rel: 'noopener' }, marker.url));
}
