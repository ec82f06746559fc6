// @ts-check
// Parts of forms.
import { h } from './dom.js';

/** @param {string} name @param {Record<string, string>} options @param {string} value @param {(value: string) => void} [changed] */
export function select(name, options, value, changed) {
  const element = h('select', { class: 'input', name, 'aria-label': name, onchange: () => changed?.(element.value) }, Object.entries(options).map(([key, text]) => h('option', { value: key, selected: key === value }, text)));
  return element;
}

/** @param {string} title @param {any} control @param {string} [hint] */
export function field(title, control, hint) { return h('label', { class: 'field' }, h('span', { class: 'small dim' }, title), control, hint && h('span', { class: 'tiny faint' }, hint)); }
