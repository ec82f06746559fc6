// @ts-check
// BubbleUp beside the heatmap: what the box has in common and the rest has not. Without a box: errors against the rest.
import { pairBar, pairHistogram } from '../charts/pairs.js';
import { columnUnit, durationText, percent, plural, short, whole } from '../model/format.js';
import { points, sentence, standing, tellingFirst, topValues } from '../model/bubbles.js';
import { valueFilter } from '../model/query.js';
import { clock } from '../model/time.js';
import { fill, h, service } from './dom.js';
import { utc } from './router.js';
import { empty } from './states.js';

const first = 6, valuesEach = 4;

/** What is compared where there is no box. @typedef {{sub: string, key: string, told: string, none: string, hint: string, column: string}} Words */
/** @type {Words} */
const errors = { sub: 'what the errors have in common', key: 'errors', told: ' failed', none: 'No error in this time.', column: 'error',
  hint: 'Drag a box over the heatmap, around what looks unusual: BubbleUp then tells what is special about it.' };

/**
 * @param {{addFilter: (filter: import('../model/query.js').Filter) => void, clear: () => void, traces: () => string, words?: Words | null}} given
 * @returns {{element: HTMLElement, body: HTMLElement, draw: (answer: any, box: import('../model/heatbox.js').Box | null) => void}}
 */
export function bubblePanel(given) {
  const sub = h('span', { class: 'sub' }), key = h('span', { class: 'key', vars: { '--c': 'var(--pick)' } }), body = h('div', { class: 'bu-body' }),
    buttons = h('span', { class: 'row' }), keys = h('span', { class: 'end row', hidden: true }, key, h('span', { class: 'key', vars: { '--c': 'var(--base)' } }, 'the rest'));
  const element = h('section', { class: 'panel bubble', 'aria-labelledby': 'bubble-title' },
    h('header', {}, h('h2', { id: 'bubble-title' }, 'BubbleUp'), sub, keys), body);
  let all = false;
  const draw = (/** @type {any} */ answer, /** @type {import('../model/heatbox.js').Box | null} */ box) => {
    const words = given.words ?? errors;
    fill(sub, box ? 'what the box has in common' : words.sub);
    fill(key, box ? 'in box' : words.key);
    keys.hidden = !answer.selection.events;
    const { selection, baseline } = answer, columns = tellingFirst(answer.columns, box ? box.column : words.column),
      total = selection.events + baseline.events;
    if (!selection.events) { fill(body, empty(box ? 'The box is empty.' : words.none,
      [box ? 'Move it over coloured cells.' : words.hint],
      box ? [h('button', { class: 'btn', type: 'button', onclick: given.clear }, 'Remove the box')] : [])); return; }
    const clear = standing(columns), unit = columnUnit(box?.column ?? ''),
      tell = (/** @type {number} */ v) => (unit === 'ms' ? durationText(v) : short(Number(v.toPrecision(3))));
    const shown = all ? columns : columns.slice(0, first);
    fill(buttons, h('a', { class: 'small', href: given.traces() }, 'Traces'), box && h('button',
      { class: 'btn ghost sm', type: 'button', onclick: given.clear }, 'Remove box'));
    fill(body, h('div', { class: 'sum small' }, h('p', {}, h('b', {}, whole(selection.events)),
      ` of ${plural(total, 'event')}${box ? `: ${tell(box.min)} to ${tell(box.max)}, ${clock(box.start * 1e6, utc.get(), 'minute')}–${clock(box.end * 1e6, utc.get(), 'minute')}` : words.told}. `,
      h('b', {}, clear.length ? `${clear.length === 1 ? 'One column stands' : `${clear.length} columns stand`} out` : 'No column stands out'),
        ` of ${columns.length} compared.`), buttons),
    h('div', { class: 'bu' }, shown.map((/** @type {any} */ c) => columnBox(c, given))),
    h('div', { class: 'more small row' }, h('span', { class: 'faint' }, 'Click a bar to filter, ⌥ click to leave out.'),
      columns.length > first && h('button', { class: 'btn ghost sm end', type: 'button', onclick: () => { all = !all; draw(answer, box); } },
      all ? `First ${first}` : `All ${columns.length} columns`)));
  };
  return { element, body, draw };
}

/** @param {any} column @param {any} given */
function columnBox(column, given) {
  const strong = column.score >= 0.25, pt = points(column);
  const head = h('h3', { class: 't' }, h('span', { class: `mono cut ${strong ? 'b' : ''}`, title: column.name }, column.name),
    h('span', { class: strong ? 't-pick b nowrap' : 'faint nowrap' }, pt == null ? `KS ${column.score.toFixed(2)}` : `${pt} pt`));
  if (column.histogram) {
    const { edges } = column.histogram, unit = columnUnit(column.name),
      tell = (/** @type {number} */ v) => (unit === 'ms' ? durationText(v) : short(Number(v.toPrecision(3))));
    return h('div', { class: 'dim1', role: 'group', 'aria-label': sentence(column) }, head, pairHistogram(column.histogram),
      h('div', { class: 'row tiny faint' }, tell(edges[0]), h('span', { class: 'end' }, tell(edges[edges.length - 1]))));
  }
  return h('div', { class: 'dim1', role: 'group', 'aria-label': sentence(column) }, head, topValues(column, valuesEach).map((v) => {
    const text = v.value === null ? '(none)' : v.value === '' ? '(empty)' : String(v.value),
      share = (/** @type {number} */ x) => percent(x).join(' ');
    return h('button', { class: 'bub inset', type: 'button', title: `${column.name} = ${text.slice(0, 200)}`,
      'aria-label': `${column.name} ${text.slice(0, 120)}: ${share(v.selection_share)} against ${share(v.baseline_share)}; adds a filter`,
      onclick: (/** @type {MouseEvent} */ e) => given.addFilter(valueFilter(column.name, v.value, e.altKey)) },
    h('span', { class: 'cut small' }, column.name === 'service.name' && v.value ? service(text) : text), pairBar(v.selection_share, v.baseline_share),
      h('span', { class: 'shares2' }, h('span', { class: 't-pick' }, share(v.selection_share)),
      h('span', { class: 'faint' }, share(v.baseline_share))));
  }));
}
