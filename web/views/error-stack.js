// @ts-check
// The stack of an occurrence: own frames with their source and locals, the others folded; causes below.
import { icon } from '../charts/svg.js';
import { plural } from '../model/format.js';
import { isOwn, localText, sourceLines, stackRows, traces } from '../model/errors.js';
import { copyButton, fill, h } from './dom.js';

/** @typedef {import('../model/errors.js').Frame} Frame */

/** @param {any} occurrence @param {string} title of its item, which may be of another message @returns {HTMLElement | null} nothing for messages */
export function stackPanel(occurrence, title) {
  const chain = occurrence.chain ?? [], sent = traces(occurrence.data);
  if (!chain.length) return null;
  const body = h('div', {}), own = chain.reduce((/** @type {number} */ n, /** @type {any} */ t) => n + t.frames.filter(isOwn).length, 0),
    all = chain.reduce((/** @type {number} */ n, /** @type {any} */ t) => n + t.frames.length, 0);
  let mode = own ? 'own' : 'all';
  const tabs = h('span', { class: 'btns', role: 'group', 'aria-label': 'Frames' });
  const message = chain[0].message, says = message && !title.includes(message.split('\n')[0].slice(0, 120)) ? h('div', { class: 'cause' }, h('b', {}, chain[0].class), h('span', { class: 'dim' }, `: ${message}`)) : null;
  const draw = () => {
    fill(tabs, [['own', 'In app', own], ['all', 'All', all]].map(([key, text, count]) => h('button', { class: 'btn sm', type: 'button', 'aria-pressed': mode === key,
      onclick: () => { mode = String(key); draw(); } }, text, ' ', h('b', {}, count))));
    fill(body, says, chain.map((/** @type {any} */ trace, /** @type {number} */ i) => [i > 0 && h('div', { class: 'cause' }, h('b', {}, `Caused by ${trace.class}`), h('span', { class: 'dim' }, `: ${trace.message}`)),
      stackRows(trace.frames, mode === 'all').map((row, k) => (row.kind === 'fold' ? fold(row) : one(row.frame, sent[i]?.frames?.[row.frame.index], i === 0 && k === 0)))]));
  };
  draw();
  return h('section', { class: 'panel', 'aria-label': 'Stack' }, h('header', {}, h('h2', {}, 'Stack'), h('span', { class: 'sub' }, 'most recent call first'),
    h('span', { class: 'end row' }, tabs, copyButton(() => rawText(chain), '', 'the stack'))), body);
}

/** @param {any[]} chain */
function rawText(chain) {
  return chain.map((t, i) => `${i ? 'Caused by ' : ''}${t.class}: ${t.message}\n${[...t.frames].reverse().map((/** @type {Frame} */ f) => `  at ${f.function} (${f.file}${f.line ? `:${f.line}` : ''})`).join('\n')}`).join('\n');
}

/** @param {Frame} frame @param {any} sent @param {boolean} isOpen */
function one(frame, sent, isOpen) {
  const lines = sourceLines(sent), locals = Object.entries(sent?.locals ?? {}), detail = h('div', { hidden: !isOpen });
  const button = h('button', { type: 'button', 'aria-expanded': isOpen, onclick: () => {
    detail.hidden = !detail.hidden;
    button.setAttribute('aria-expanded', String(!detail.hidden));
  } }, icon(lines.length || locals.length ? 'right' : 'x'), h('b', {}, frame.function || '(no name)'), h('span', { class: 'dim' }, 'in'), h('span', { class: 'cut' }, `${frame.file || '?'}${frame.line ? `:${frame.line}` : ''}`),
  isOwn(frame) ? h('span', { class: 'badge end' }, 'in app') : h('span', { class: 'faint end small' }, frame.verdict));
  if (!lines.length && !locals.length) { button.disabled = true; button.querySelector('svg')?.remove(); }
  fill(detail, lines.length > 0 && h('div', { class: 'src' }, lines.map((l) => h('div', { class: l.hit ? 'hit' : '' }, h('span', {}, l.number || ''), h('span', {}, l.text)))),
    locals.length > 0 && h('div', { class: 'loc' }, locals.map(([name, value]) => h('div', { class: 'cut', title: localText(value, 2000) }, h('b', {}, `${name} = `), localText(value)))));
  return h('div', { class: `fr ${isOwn(frame) ? '' : 'lib'}` }, button, detail);
}

/** @param {{frames: Frame[], name: string}} row */
function fold(row) {
  const list = h('div', { hidden: true }, row.frames.map((f) => h('div', { class: 'folded mono small dim cut' }, `${f.function} in ${f.file}${f.line ? `:${f.line}` : ''}`)));
  const button = h('button', { type: 'button', 'aria-expanded': false, onclick: () => { list.hidden = !list.hidden; button.setAttribute('aria-expanded', String(!list.hidden)); } },
    icon('right'), `${plural(row.frames.length, 'frame')} ${row.name}`);
  return h('div', { class: 'fr lib' }, button, list);
}
