// @ts-check
// Virtual rows: as many elements as fit, used again while scrolling; the bars are on one canvas above them. The tree keeps the focus and names
// its current row, so that it works without a pointer.
import { drawAxis, drawWaterfall, paint } from '../charts/waterfall.js';
import { drawn, icon } from '../charts/svg.js';
import { durationText } from '../model/format.js';
import { services } from '../model/palette.js';
import { shownName } from '../model/trace-tree.js';
import { doorMarks, fill, h } from './dom.js';

/** @typedef {import('../model/trace-tree.js').Node} Node */
/** @typedef {{rows: Node[], window: {from: number, to: number}, selected: Node | null, folded: Set<string>, marks: Map<string, number[]>,
 *   critical: Map<Node, {from: number, to: number}[]> | null, find: string}} State */

const narrow = matchMedia('(max-width: 720px)');
const spare = 2; // rows beyond the edge
const namesWide = 340, indent = 14, indentNarrow = 9, deepest = 18;

/**
 * @param {() => State} state @param {{select: (node: Node) => void, toggle: (node: Node, deep: boolean) => void}} actions
 * @returns {{element: HTMLElement, update: () => void, reveal: (node: Node) => void, focus: () => void, stop: () => void, move: (by: number) => void, axis: HTMLElement}}
 */
export function traceRows(state, actions) {
  const bars = h('canvas', { 'aria-hidden': 'true' }), axisCanvas = h('canvas', { 'aria-hidden': 'true' });
  const view = h('div', { class: 'wf-view' }, bars), space = h('div', { class: 'wf-space' }, view);
  const scroll = h('div', { class: 'wf-scroll', role: 'tree', tabindex: 0, 'aria-label': 'Spans of the trace' }, space);
  const axis = h('div', { class: 'wf-axis' }, h('span', {}, 'Service and span'), axisCanvas);
  /** @type {{element: any, index: number, node: Node | null, stamp: string}[]} */
  let pool = [];
  let colour = paint(), frame = 0;
  const rowHeight = () => (narrow.matches ? 42 : 24), left = () => (narrow.matches ? 0 : namesWide);

  const draw = () => {
    frame = 0;
    const s = state(), tall = rowHeight(), top = scroll.scrollTop, height = scroll.clientHeight;
    const need = Math.min(s.rows.length, Math.ceil(height / tall) + spare);
    while (pool.length < need) { const element = h('div', { class: 'wf-row', role: 'treeitem' });
      pool.push({ element, index: -1, node: null, stamp: '' }); view.insertBefore(element, bars); }
    while (pool.length > need) pool.pop()?.element.remove();
    const first = Math.max(0, Math.min(Math.floor(top / tall), s.rows.length - need));
    for (let i = first; i < first + need; i += 1) place(pool[i % need], i, s, i * tall - top);
    drawWaterfall(bars, { ...s, scrollTop: top, rowHeight: tall, left: left(), twoLines: narrow.matches }, colour);
  };
  const soon = () => { frame ||= requestAnimationFrame(draw); };
  const update = () => {
    const s = state();
    space.style.setProperty('height', `${s.rows.length * rowHeight()}px`);
    scroll.parentElement?.style.setProperty('--rows-h', `${s.rows.length * rowHeight() + 2}px`);
    for (const p of pool) p.stamp = '';
    const above = scroll.getBoundingClientRect().top + scrollY; // the page's part above; the rest of the window is for the rows
    if (!narrow.matches) scroll.parentElement?.style.setProperty('--wf-room', `${Math.max(280, innerHeight - above - 64)}px`);
    else scroll.parentElement?.style.removeProperty('--wf-room');
    const at = s.selected ? s.rows.indexOf(s.selected) : -1;
    if (at >= 0) scroll.setAttribute('aria-activedescendant', `span-${at}`); else scroll.removeAttribute('aria-activedescendant');
    drawAxis(axisCanvas, s.window, left(), colour);
    soon();
  };
  scroll.addEventListener('scroll', soon, { passive: true });
  scroll.addEventListener('click', (/** @type {any} */ event) => {
    const row = event.target.closest('.wf-row'), at = pool.find((p) => p.element === row);
    if (!at?.node) return;
    if (event.target.closest('.tw.can')) actions.toggle(at.node, event.altKey); else actions.select(at.node);
  });
  const reveal = (/** @type {Node} */ node) => {
    const at = state().rows.indexOf(node), tall = rowHeight();
    if (at < 0) return;
    if (at * tall < scroll.scrollTop + tall) scroll.scrollTop = Math.max(0, (at - 1) * tall);
    else if ((at + 2) * tall > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = (at + 2) * tall - scroll.clientHeight;
  };
  const move = (/** @type {number} */ by) => {
    const { rows, selected } = state();
    if (!rows.length) return;
    const at = selected ? rows.indexOf(selected) : -1;
    actions.select(rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + by))]);
  };
  scroll.addEventListener('keydown', (/** @type {KeyboardEvent} */ e) => treeKeys(e, state, actions, move,
    Math.floor(scroll.clientHeight / rowHeight()) - 1));
  const watch = drawn(scroll, () => { colour = paint(); update(); draw(); });
  narrow.addEventListener('change', update);
  return { element: scroll, axis, update, reveal, move, focus: () => scroll.focus({ preventScroll: true }),
    stop() { watch.stop(); cancelAnimationFrame(frame); narrow.removeEventListener('change', update); } };
}

/** @param {{element: any, index: number, node: Node | null, stamp: string}} slot @param {number} index @param {State} s @param {number} y */
function place(slot, index, s, y) {
  slot.element.style.setProperty('transform', `translateY(${y}px)`);
  const node = s.rows[index], selected = node === s.selected, folded = s.folded.has(node.span.id) && node.children.length > 0;
  const stamp = `${index}${selected ? 's' : ''}${folded ? 'f' : ''}`;
  if (slot.node === node && slot.stamp === stamp) return;
  slot.node = node;
  slot.index = index;
  slot.stamp = stamp;
  const { span } = node, element = slot.element, c = services.of(span.service);
  element.id = `span-${index}`;
  element.setAttribute('aria-level', String(node.depth + 1));
  element.setAttribute('aria-selected', String(selected));
  element.setAttribute('aria-posinset', String(index + 1));
  element.setAttribute('aria-setsize', String(s.rows.length));
  if (node.children.length) element.setAttribute('aria-expanded', String(!folded)); else element.removeAttribute('aria-expanded');
  element.setAttribute('aria-label', `${span.service}, ${shownName(span)}, ${span.no_end ? 'its end never came' : durationText(span.duration_ns / 1e6)}${span.error ? ', error' : ''}${node.orphan ? ', its parent never came' : ''}${node.outside ? ', runs outside its parent' : ''}${span.doors ? ', sent by OTLP and to X-Ray' : ''}`);
  const pad = narrow.matches ? 2 + Math.min(node.depth, deepest) * indentNarrow : 8 + Math.min(node.depth, deepest) * indent;
  fill(element, h('span', { class: 'wf-name', vars: { 'padding-left': `${pad}px` } }, h('span', { class: `tw ${node.children.length ? 'can' : ''}` },
    node.children.length > 0 && icon(folded ? 'right' : 'down')),
    h('span', { class: 'svc', vars: { '--c': `var(--c${c})` } }, h('span', { class: 'cut' }, span.service)),
      folded && h('span', { class: `badge fold ${node.errorsBelow ? 'err' : ''}` }, `${node.size - 1}`),
    node.orphan && h('span', { class: 'badge warn fold' }, 'parent missing'),
    span.no_end && h('span', { class: 'badge warn fold' }, 'no end'),
    span.doors && doorMarks(span.doors, true), h('span', { class: `cut nm ${span.error ? 't-err b' : ''}` },
      shownName(span) || '(no name)')));
}

/** @param {KeyboardEvent} e @param {() => State} state @param {any} actions @param {(by: number) => void} move @param {number} page */
function treeKeys(e, state, actions, move, page) {
  const { rows, selected, folded } = state();
  if (e.metaKey || e.ctrlKey || e.altKey) return;
  const jumps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -rows.length, End: rows.length };
  if (e.key in jumps) { e.preventDefault(); move(jumps[/** @type {'Home'} */ (e.key)]); return; }
  if (!selected) return;
  const shut = folded.has(selected.span.id);
  if (e.key === 'ArrowLeft') {
    e.preventDefault();
    if (selected.children.length && !shut) actions.toggle(selected, false); else if (selected.parentNode) actions.select(selected.parentNode);
  } else if (e.key === 'ArrowRight') {
    e.preventDefault();
    if (selected.children.length && shut) actions.toggle(selected, false); else if (selected.children.length) actions.select(selected.children[0]);
  } else if (e.key === ' ' || e.key === 'Enter') { e.preventDefault(); if (selected.children.length) actions.toggle(selected, e.shiftKey); }
}
