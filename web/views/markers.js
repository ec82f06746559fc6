// @ts-check
// Deploys and other markers as flags over a chart of time.
import { signal } from '../model/signal.js';
import { clock } from '../model/time.js';
import { everything } from '../wire/api.js';
import { markersOf } from '../wire/honeycomb.js';
import { fill, h } from './dom.js';
import { utc } from './router.js';

/** @typedef {import('../wire/honeycomb.js').Marker} Marker */

/** The markers of the chosen dataset and of the whole environment. */
const markers = signal(/** @type {Marker[]} */ ([]));
const labelMost = 150, labelLeast = 34; // px: the width of a flag; with less room there is none

/** Reads them again; without an answer there are none, and the charts are what they are. @param {string} dataset */
export async function readMarkers(dataset) {
  const lists = await Promise.all([...new Set([dataset, everything])].map((name) => markersOf(name).catch(() => [])));
  markers.set(lists.flat().sort((a, b) => a.start_time - b.start_time));
}

/**
 * A layer over a chart.
 * @param {HTMLElement} host the chart's box, position relative
 * @param {() => {left: number, right: number, at: (us: number) => number} | null} frame
 */
export function markerLayer(host, frame) {
  const layer = h('div', { class: 'markers' });
  host.append(layer);
  const draw = () => {
    const f = frame(), seen = f ? placed(markers.get(), f) : [];
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
  const colour = /^#[0-9a-f]{6}$/i.test(marker.color ?? '') ? marker.color : null, isLink = /^https?:\/\//.test(marker.url ?? '');
  const label = room > 0 && (isLink ? h('a', { href: marker.url, target: '_blank', rel: 'noopener', title, class: 'cut', vars }, text)
    : h('span', { title, class: 'cut', vars }, text));
  return h('div', { class: `marker ${toLeft ? 'left' : ''} ${width > 1 ? 'range' : ''}`, 'aria-label': title, role: 'note',
    vars: { left: `${at}px`, ...(width > 1 && { width: `${width}px` }), ...(colour && { '--c': colour }) } }, label);
}
