// @ts-check
// A trigger from the question that the page asks.
import { icon } from '../charts/svg.js';
import { lengthName } from '../model/time.js';
import { comparable, comparisons, frequencies, questionOf } from '../model/triggers.js';
import * as wire from '../wire/triggers.js';
import { fill, h, say } from './dom.js';
import { field, select } from './forms.js';
import { popover } from './popover.js';
import { recipientField } from './recipient-field.js';
import { dataset, go, link } from './router.js';

/** @param {() => import('../model/query.js').Query} query @returns {HTMLElement} */
export function alertButton(query) {
  const button = h('button', { class: 'btn sm', type: 'button', 'aria-haspopup': 'dialog', onclick: () => popover(button, 'New trigger', (close) => form(query(), close), 420) },
    icon('bell'), 'Alert');
  return button;
}

/** @param {import('../model/query.js').Query} query @param {() => void} close */
function form(query, close) {
  const choices = comparable(query), trouble = h('div', { class: 'trouble' }), to = recipientField();
  const lengths = Object.fromEntries(frequencies.map((s) => [String(s), lengthName(s)]));
  const element = h('form', { class: 'stack alert-form', 'aria-label': 'New trigger' },
    field('Name', h('span', { class: 'input' }, h('input', { name: 'name', required: true, maxlength: 120, placeholder: 'checkout is slow' }))),
    h('div', { class: 'row' }, field('Tell when', select('calculation', Object.fromEntries(choices.map((c, i) => [String(i), c])), '0')), field('is', select('op', Object.fromEntries(comparisons.map((c) => [c, c])), '>')),
      field('than', h('span', { class: 'input' }, h('input', { name: 'value', required: true, inputmode: 'decimal', placeholder: '500' })))),
    h('p', { class: 'small faint' }, query.breakdowns.length ? `in any group of ${query.breakdowns.join(', ')}` : 'over all events that pass the filters'),
    h('div', { class: 'row' }, field('asked every', select('frequency', lengths, '300')), field('over the last', select('range', lengths, '300')), field('in a row', select('limit', Object.fromEntries([1, 2, 3, 4, 5].map((n) => [String(n), n === 1 ? 'once' : `${n} times`])), '1'))),
    to.element,
    trouble, h('div', { class: 'row end-row' }, h('a', { class: 'small', href: link('/ui/triggers') }, 'All triggers'), h('button', { class: 'btn pri sm end', type: 'submit' }, 'Keep')));
  element.addEventListener('submit', async (/** @type {Event} */ event) => {
    event.preventDefault();
    const values = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(element))), value = Number(values.value.replace(',', '.'));
    if (!Number.isFinite(value)) { fill(trouble, h('p', { class: 'small t-err' }, 'The threshold is a number.')); return; }
    try {
      const { id } = await to.settle(values.to);
      await wire.createTrigger(dataset(), { name: values.name, threshold: { op: values.op, value, exceeded_limit: Number(values.limit) }, frequency: Number(values.frequency),
        query: questionOf(query, choices[Number(values.calculation)], Number(values.range)), recipients: [{ id }] });
      say('The trigger is kept');
      close();
      go('/ui/triggers');
    } catch (error) { fill(trouble, h('p', { class: 'small t-err', role: 'alert' }, /** @type {Error} */ (error).message)); }
  });
  return element;
}
