// @ts-check
// A text field with suggestions: type, arrows, Enter. Used for columns, values, datasets and operators.
import { fill, h } from './dom.js';

/** @typedef {{value: string, text?: string, note?: string, swatch?: HTMLElement}} Option */

let count = 0;

/**
 * @param {{label: string, value?: string, placeholder?: string, options: (text: string) => Option[] | Promise<Option[]>, free?: boolean,
 *   pick: (value: string, chosen: boolean) => void, type?: (value: string) => void}} given  free: any text may be entered; chosen: it was one of the suggestions
 * @returns {{element: HTMLElement, input: HTMLInputElement, refresh: () => void}}
 */
export function combo({ label, value = '', placeholder = '', options, free = false, pick, type }) {
  const id = `combo-${count += 1}`;
  /** @type {Option[]} */
  let found = [];
  let cursor = -1, turn = 0;
  const input = h('input', { role: 'combobox', 'aria-expanded': 'true', 'aria-controls': id, 'aria-autocomplete': 'list', autocomplete: 'off',
    spellcheck: 'false', placeholder, class: 'mono' });
  input.value = value;
  const list = h('div', { class: 'list', role: 'listbox', id, 'aria-label': label });
  const draw = () => {
    fill(list, found.map((option, i) => h('div', { class: 'opt', role: 'option', id: `${id}-${i}`, 'aria-selected': i === cursor,
      onmousedown: (/** @type {Event} */ e) => e.preventDefault(),
      onclick: () => pick(option.value, true) }, option.swatch, h('span', { class: 'mono cut' }, marked(option.text ?? option.value, input.value)),
        option.note && h('span', { class: 'end faint small nowrap' }, option.note))),
    !found.length && h('p', { class: 'faint small opt' }, free && input.value ? 'Enter takes it as it stands.' : 'Nothing has this name.'));
    if (cursor >= 0) { input.setAttribute('aria-activedescendant', `${id}-${cursor}`); list.children[cursor]?.scrollIntoView({ block: 'nearest' });
      } else input.removeAttribute('aria-activedescendant');
  };
  const refresh = async (all = false) => {
    const mine = turn += 1, next = await options(all ? '' : input.value.trim());
    if (mine !== turn) return;
    found = next.slice(0, 60);
    cursor = free ? -1 : found.length ? 0 : -1;
    draw();
  };
  input.addEventListener('input', () => { type?.(input.value); refresh(); });
  input.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      cursor = found.length ? (cursor + (event.key === 'ArrowDown' ? 1 : -1) + found.length) % found.length : -1;
      draw();
    } else if (event.key === 'Enter') {
      event.preventDefault();
      if (cursor >= 0 && found[cursor]) pick(found[cursor].value, true);
      else if (free) pick(input.value, false);
    }
  });
  refresh(true);
  return { element: h('div', { class: 'stack' }, h('label', { class: 'field' }, label, h('span', { class: 'input' }, input)), list), input, refresh };
}

/** @param {string} text @param {string} part @returns {any[]} the text with the typed part marked */
export function marked(text, part) {
  const at = part ? text.toLowerCase().indexOf(part.toLowerCase()) : -1;
  return at < 0 ? [text] : [text.slice(0, at), h('mark', {}, text.slice(at, at + part.length)), text.slice(at + part.length)];
}

/** @param {string} text @param {string} part @returns {number} lower is better; -1 is no match */
export function rank(text, part) {
  const a = text.toLowerCase(), b = part.toLowerCase();
  if (!b) return 0;
  const at = a.indexOf(b);
  if (at >= 0) return at === 0 ? 0 : /[._\s-]/.test(a[at - 1]) ? 1 : 2;
  let i = 0;
  for (const c of a) if (c === b[i]) i += 1;
  return i === b.length ? 3 : -1;
}
