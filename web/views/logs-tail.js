// @ts-check
// Lines as they come: at most so many kept, paused when the reader looks at one.
import { icon } from '../charts/svg.js';
import { plural, rate, whole } from '../model/format.js';
import * as logs from '../wire/logs.js';
import { fill, h } from './dom.js';
import { byArrows, logLine } from './logs-line.js';
import { link, patch, place } from './router.js';
import { empty, skeleton } from './states.js';

const first = 100, mostShown = 1000, mostWaiting = 5000;
const nearEnd = 8; // px: farther from the newest line, the reader looks at an older one
const typingPause = 300; // ms
const emptyAfter = 1500; // ms: the newest lines take a moment, and until then nobody knows that there is none
const drawEvery = 250; // ms: lines come in lumps, the page draws them together
const rateOver = 5; // s: a program that says something every other second is not silent in between

const wanted = () => place.get().params.get('has') ?? '';

/**
 * What the panel is made of.
 * @param {HTMLElement} host @param {{pause: () => void, resume: () => void, typed: () => void}} does
 */
function frame(host, does) {
  const list = h('div', { class: 'tail', role: 'log', 'aria-label': 'Lines, newest at the bottom', 'aria-live': 'off', tabindex: 0 });
  byArrows(list);
  const speed = h('span', { class: 'badge ok' }, h('span', { class: 'live row' }, 'waiting')), kept = h('b', {}, '0'), skipped = h('b', {}, '0'), fresh = h('b', {}, '0'), freshWord = h('span', {});
  const why = h('span', { class: 'hide-s' }), words = h('span', {}, 'Pause');
  const pauseButton = h('button', { class: 'btn sm', type: 'button', 'aria-pressed': false, onclick: does.pause }, icon('pause'), words, h('kbd', { class: 'hide-s' }, 'space'));
  const jump = h('button', { class: 'btn sm pri end', type: 'button', hidden: true, onclick: does.resume }, fresh, freshWord);
  const wrap = h('button', { class: 'btn sm hide-s', type: 'button', 'aria-pressed': false, onclick: () => wrap.setAttribute('aria-pressed',
    String(list.classList.toggle('wrap'))) }, 'Wrap');
  let timer = 0;
  const typed = () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => { patch({ has: only.value }, { replace: true }); does.typed(); }, typingPause);
  };
  const only = h('input', { value: wanted(), placeholder: 'only lines that contain…', 'aria-label': 'Only lines that contain', spellcheck: 'false', oninput: typed });
  fill(host, h('header', {}, h('h2', {}, 'Live tail'), speed, h('span', { class: 'end row wrap' }, h('label', { class: 'input tail-only' }, icon('filter', 'i faint'), only), wrap, pauseButton)), list,
    h('div', { class: 'foot' }, h('span', {}, kept, ' lines kept in view'), h('span', {}, skipped, ' skipped'), why, jump));
  return { list, speed, kept, skipped, fresh, freshWord, why, words, pauseButton, jump, stop: () => clearTimeout(timer) };
}

/** How fast lines come, over the last seconds. @param {HTMLElement} badge */
function pace(badge) {
  const seconds = /** @type {{lines: number, ms: number}[]} */ ([]);
  let came = 0, since = 0;
  return {
    start() { [came, since, seconds.length] = [0, performance.now(), 0]; },
    line() { came += 1; },
    show() {
      const ms = performance.now() - since;
      if (ms < 1000) return;
      seconds.push({ lines: came, ms });
      if (seconds.length > rateOver) seconds.shift();
      [came, since] = [0, since + ms];
      const lines = seconds.reduce((sum, second) => sum + second.lines, 0), time = seconds.reduce((sum, second) => sum + second.ms, 0);
      badge.className = 'badge ok';
      fill(badge, h('span', { class: 'live row' }, lines ? rate(lines / time * 1000).join(' ').replace('/', 'lines/') : 'no new lines'));
    },
  };
}

/** What stands where no line is yet. */
function noLine() {
  return wanted() ? empty('No line with this text so far.', ['Older ones are looked for, new ones appear here by themselves. Capitals count.'])
    : empty('No line yet.', ['Lines come from OpenTelemetry logs and from whatever writes to CloudWatch Logs. The first one appears here by itself.'],
      [h('a', { class: 'btn pri', href: link('/ui/send') }, 'Send data')]);
}

/** Says that there is no line, where none has come in the time that the newest ones take. @param {HTMLElement} list @param {() => boolean} isEmpty @returns {() => void} does not say it */
function saysLater(list, isEmpty) {
  fill(list, skeleton(3));
  const timer = setTimeout(() => { if (isEmpty()) fill(list, noLine()); }, emptyAfter);
  return () => clearTimeout(timer);
}

/** @param {HTMLElement} host @param {string[]} groups */
export function tailPanel(host, groups) {
  const { list, speed, kept, skipped, fresh, freshWord, why, words, pauseButton, jump, stop } =
    frame(host, { pause: () => set(!paused), resume: () => set(false), typed: () => follow() });
  let paused = false, anew = true, isOpen = false, missed = 0;
  const speedometer = pace(speed);
  /** @type {any[]} */
  let waiting = [];
  const set = (/** @type {boolean} */ on) => {
    paused = on;
    pauseButton.setAttribute('aria-pressed', String(on));
    words.textContent = on ? 'Resume' : 'Pause';
    why.textContent = on ? 'Paused. New lines are counted and kept.' : 'Following. Scroll up or open a line to pause.';
    if (!on) draw();
  };
  const draw = () => {
    if (isOpen) speedometer.show();
    [fresh.textContent, freshWord.textContent] = [whole(waiting.length), waiting.length === 1 ? ' new line' : ' new lines'];
    jump.hidden = !paused || !waiting.length;
    if (paused || !waiting.length) return;
    if (anew) fill(list);
    anew = false;
    list.append(...waiting.slice(-mostShown).map((event) => logLine({ us: event.us, dataset: event.dataset, message: String(event.fields.body ?? ''), fields: event.fields },
      { opened: () => set(true), mark: wanted() })));
    waiting = [];
    while (list.children.length > mostShown) list.firstChild?.remove();
    kept.textContent = whole(list.children.length);
    list.scrollTop = list.scrollHeight;
  };
  list.addEventListener('scroll', () => { if (!paused && list.scrollHeight - list.clientHeight - list.scrollTop > nearEnd) set(true); }, { passive: true });
  const opened = Date.now() * 1000;
  let end = () => {}, unsaid = end;
  const follow = () => {
    end();
    [waiting, anew, missed] = [[], true, 0];
    speedometer.start();
    kept.textContent = skipped.textContent = '0';
    unsaid(); unsaid = saysLater(list, () => anew);
    end = logs.tail(groups, first, wanted(), {
      line: (event) => {
        if (event.us >= opened) speedometer.line();
        waiting.push(event);
        if (waiting.length > mostWaiting) { waiting.shift(); missed += 1; skipped.textContent = whole(missed); }
      },
      skipped: (count) => { missed += count; skipped.textContent = whole(missed); },
      state: (open) => {
        isOpen = open;
        if (!open) { speed.className = 'badge warn'; fill(speed, 'no connection: trying again'); }
        else { speedometer.start(); [waiting, anew] = [[], true]; } // a new connection begins with the newest lines again
        host.classList.toggle('is-open', open);
      },
    });
  };
  follow();
  set(false);
  const drawing = setInterval(draw, drawEvery);
  host.setAttribute('data-groups', plural(groups.length, 'group'));
  return { stop() { end(); clearInterval(drawing); unsaid(); stop(); }, pause: () => set(!paused) };
}
