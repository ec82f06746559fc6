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
const leastGap = 26; // px between two flags that are both written

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
    const f = frame();
    let last = -leastGap;
    fill(layer, f && markers.get().flatMap((marker) => {
      const start = f.at(marker.start_time * 1e6), end = f.at((marker.end_time ?? marker.start_time) * 1e6);
      if (end < f.left || start > f.right) return [];
      const at = Math.max(f.left, start), flag = at - last >= leastGap;
      if (flag) last = at;
      return [element(marker, at, Math.min(f.right, end) - at, flag, at > (f.left + f.right) / 2)];
    }));
  };
  const stop = markers.subscribe(draw);
  return { draw, stop };
}

/** @param {Marker} marker @param {number} at @param {number} width @param {boolean} flag @param {boolean} toLeft */
function element(marker, at, width, flag, toLeft) {
  const text = marker.message || marker.type || 'marker', name = [marker.type, marker.message].filter(Boolean).join(': ') || 'marker';
  const when = clock(marker.start_time * 1e6, utc.get()), title = `${name}, ${when}`;
  const colour = /^#[0-9a-f]{6}$/i.test(marker.color ?? '') ? marker.color : null, isLink = /^https?:\/\//.test(marker.url ?? '');
  const label = flag && (isLink ? h('a', { href: marker.url, target: '_blank', rel: 'noopener', title, class: 'cut' }, text)
    : h('span', { title, class: 'cut' }, text));
  return h('div', { class: `marker ${toLeft ? 'left' : ''} ${width > 1 ? 'range' : ''}`, 'aria-label': title, role: 'note',
    vars: { left: `${at}px`, ...(width > 1 && { width: `${width}px` }), ...(colour && { '--c': colour }) } }, label);
}
