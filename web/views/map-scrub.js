// @ts-check
// Time on the map: a strip of faults over the range, a window that is dragged over it, and Play, which lets the window go through.
import { scrubber } from '../charts/scrubber.js';
import { drawn } from '../charts/svg.js';
import { faultSteps, windowSteps } from '../model/service-graph.js';
import { clock, lengthName, stamp } from '../model/time.js';
import { fill, h } from './dom.js';
import { patch, utc } from './router.js';

const frame = 900; // ms that a window stays while it plays

/**
 * @param {(window: {start: number, end: number} | null, playing: boolean) => Promise<unknown>} show draws the map of a window in Unix seconds; null: of all
 * @returns {{element: HTMLElement, read: (graph: any, from: number | null) => void, window: () => {start: number, end: number} | null, stop: () => void}}
 */
export function mapScrub(show) {
  const strip = h('div', { class: 'map-strip' }), words = h('span', { class: 'small map-window' });
  const play = h('button', { class: 'btn sm', type: 'button', onclick: () => (timer ? pause() : start()) }, 'Play');
  const all = h('button', { class: 'btn sm ghost', type: 'button', onclick: () => pick(null) }, 'All');
  const element = h('div', { class: 'map-scrub' }, h('span', { class: 'small faint hide-s' }, 'Fault, %'), strip, words, all, play);
  let steps = /** @type {{start: number, total: number, fault: number}[]} */ ([]), length = 1, at = /** @type {number | null} */ (null), timer = 0, asked = 0;
  const wide = () => windowSteps(steps.length);
  const window = () => (at === null ? null : { start: steps[at].start, end: steps[at].start + wide() * length });
  const text = () => windowText(window(), steps.length * length, length);
  const draw = () => scrubber(strip, steps, at === null ? null : { from: at, to: at + wide() }, { text: text(), wide: wide(), pick: (from) => { pause(); pick(from); } });
  const watch = drawn(strip, draw);
  const update = () => {
    const [head, ...rest] = text().split(', ');
    fill(words, at === null ? h('span', { class: 'faint' }, head) : [h('b', {}, head), ' ', h('span', { class: 'faint' }, rest.join(', '))]);
    all.hidden = at === null;
    play.textContent = timer ? 'Pause' : 'Play';
    play.setAttribute('aria-pressed', String(timer !== 0));
    draw();
  };
  const pick = (/** @type {number | null} */ from, playing = false) => {
    at = from;
    update();
    if (!playing) patch({ w: at === null ? null : String(Math.round(steps[at].start)) }, { replace: true });
    return show(window(), playing);
  };
  const start = () => {
    timer = 1;
    const last = steps.length - wide(), mine = ++asked;
    const next = async () => {
      if (mine !== asked || !timer) return;
      const to = at === null || at >= last ? 0 : at + 1, began = performance.now();
      await pick(to, true);
      if (mine !== asked || !timer) return;
      if (to >= last) { pause(); return; }
      timer = setTimeout(next, Math.max(0, frame - (performance.now() - began)));
    };
    next();
  };
  const pause = () => {
    if (!timer) return;
    clearTimeout(timer);
    timer = 0;
    asked += 1;
    pick(at);
  };
  return {
    element, window,
    /** Takes the graph of the whole range; `from` is the start of the window that is asked for. */
    read(graph, from) {
      if (timer) { clearTimeout(timer); timer = 0; asked += 1; }
      steps = faultSteps(graph);
      length = (graph.step_us ?? 1e6) / 1e6;
      element.hidden = steps.length < 4;
      const found = from === null ? -1 : steps.findIndex((v) => Math.abs(v.start - from) < length / 2);
      at = found < 0 || element.hidden ? null : Math.min(found, steps.length - wide());
      update();
    },
    stop() { clearTimeout(timer); timer = 0; asked += 1; watch.stop(); },
  };
}

/** @param {{start: number, end: number} | null} window @param {number} whole seconds of the range @param {number} step seconds */
function windowText(window, whole, step) {
  if (!window) return 'The whole range';
  const us = window.start * 1e6, day = whole > 86400 ? stamp(us, utc.get()).slice(5, 16) : clock(us, utc.get(), step < 60 ? 'second' : 'minute');
  return `${day}, ${lengthName(window.end - window.start)} window`;
}
