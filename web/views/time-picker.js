// @ts-check
// The bar's time: presets by digits, absolute from and to, UTC or local, earlier and later by one range.
import { icon } from '../charts/svg.js';
import { lengthName, parseStamp, presets, rangeName, rangeText, shift, stamp, zoneName } from '../model/time.js';
import { byID, fill, h, say } from './dom.js';
import { popover } from './popover.js';
import { isAnyTime, patch, place, range, setRange, time, undoZoom, utc } from './router.js';

export function startTimePicker() {
  byID('time-pick').addEventListener('click', openTimePicker);
  byID('time-back').addEventListener('click', () => shiftTime(-1));
  byID('time-on').addEventListener('click', () => shiftTime(1));
  byID('zone').addEventListener('click', () => utc.set(!utc.get()));
  place.subscribe(showTime);
  utc.subscribe(showTime);
  showTime();
}

/** The button's text; called anew as time goes on. */
export function showTime() {
  const { name, span } = isAnyTime() ? { name: 'Any time', span: '' } : rangeName(range(), Date.now() / 1000, utc.get());
  fill(byID('time-name'), name);
  fill(byID('time-span'), span);
  byID('time-pick').setAttribute('aria-label', `Time range: ${[name, span].filter(Boolean).join(', ')}`);
  showZone();
}

/** The zone in which every page tells times, and the way to the other. */
function showZone() {
  const name = (/** @type {boolean} */ asUTC) => zoneName(Date.now() * 1000, asUTC), says = `Times are in ${name(utc.get())}${utc.get() ? '' : ', as this computer has it'}. Switch to ${utc.get() ? `local time, ${name(false)}` : 'UTC'}`;
  fill(byID('zone'), name(utc.get()));
  byID('zone').setAttribute('aria-label', says);
  byID('zone').title = says;
}

/** @param {-1 | 1} direction */
export function shiftTime(direction) {
  setRange(shift(range(), direction, Date.now() / 1000));
  const { name, span } = rangeName(range(), Date.now() / 1000, utc.get());
  say(`${name}, ${span}`);
}

export function openTimePicker() {
  popover(byID('time-pick'), 'Time range', (close) => {
    const now = isAnyTime() ? '' : rangeText(range());
    const choose = (/** @type {number} */ seconds) => { close(); setRange({ seconds }); };
    const list = h('div', { role: 'group', 'aria-label': 'Back from now' }, presets.map((p, i) => h('button',
      { class: 'o', type: 'button', 'aria-pressed': now === p.text || (p.text === '24h' && now === '1d'),
      onclick: () => choose(p.seconds) }, lengthName(p.seconds), h('kbd', {}, i + 1))),
      place.get().page === 'errors' && h('button', { class: 'o', type: 'button', 'aria-pressed': isAnyTime(), onclick: () => { close(); patch({ t: null, new: null }); } }, 'Any time'));
    return h('div', { class: 'tp', onkeydown: (/** @type {KeyboardEvent} */ e) => {
      if (/** @type {HTMLElement} */ (e.target).tagName === 'INPUT' || e.metaKey || e.ctrlKey || e.altKey) return;
      const preset = presets[Number(e.key) - 1];
      if (preset) { e.preventDefault(); e.stopPropagation(); choose(preset.seconds); }
    } }, list, absolute(close));
  }, 460);
}

/** @param {() => void} close */
function absolute(close) {
  const { start, end } = time();
  const inputs = [start, end].map((seconds) => { const input = h('input', { class: 'mono', spellcheck: 'false', autocomplete: 'off' });
    input.value = stamp(seconds * 1e6, utc.get()); return input; });
  const wrong = h('p', { class: 'small t-err', role: 'alert' });
  const apply = () => {
    const [from, to] = inputs.map((input) => parseStamp(input.value, utc.get()));
    if (from == null || to == null) fill(wrong, 'Write times as 2026-11-23 14:32:00, with a zone if you like, or as Unix seconds.');
    else if (to <= from) fill(wrong, 'The end must be after the start.');
    else { close(); setRange({ start: from, end: to }); }
  };
  const zone = (/** @type {boolean} */ asUTC) => h('button', { class: 'btn sm', type: 'button',
    'aria-pressed': utc.get() === asUTC, onclick: () => { utc.set(asUTC); close(); openTimePicker(); } }, asUTC ? 'UTC' : `Local, ${zoneName(Date.now() * 1000, false)}`);
  return h('div', { class: 'stack', onkeydown: (/** @type {KeyboardEvent} */ e) => { if (e.key === 'Enter' && /** @type {HTMLElement} */ (e.target).tagName === 'INPUT') apply();
    } },
    h('label', { class: 'field' }, 'From', h('span', { class: 'input' }, inputs[0])), h('label', { class: 'field' }, 'To',
      h('span', { class: 'input' }, inputs[1])), wrong,
    h('div', { class: 'row wrap' }, h('button', { class: 'btn pri sm', type: 'button', onclick: apply }, 'Apply'),
      h('button', { class: 'btn sm', type: 'button', onclick: () => { close(); if (!undoZoom()) say('There is no zoom to undo'); } }, icon('undo'),
        'Undo zoom', h('kbd', {}, 'z')),
      h('span', { class: 'btns end', role: 'group', 'aria-label': 'Time zone' }, zone(true), zone(false))));
}
