// @ts-check
// A server that wants a key: where the reader gives it, and takes it back.
import { hasKey, setKey } from '../wire/key.js';
import { h } from './dom.js';
import { popover } from './popover.js';

/** All that is shown was asked for without the key, so the page begins anew. @param {string} text */
function use(text) { setKey(text); location.reload(); }

/** @returns {HTMLElement} opens the form */
export function keyButton() {
  const button = h('button', { class: 'btn sm pri', type: 'button', 'aria-haspopup': 'dialog', onclick: () => popover(button, 'Access key', form) }, hasKey() ? 'Give another key' : 'Give a key');
  return button;
}

function form() {
  const input = h('input', { type: 'password', name: 'key', required: true, autocomplete: 'off', spellcheck: 'false', placeholder: 'ck_…', 'aria-label': 'Access key' });
  return h('form', { class: 'stack', onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); use(input.value); } },
    h('label', { class: 'field' }, 'Access key', h('span', { class: 'input' }, input)),
    h('p', { class: 'small dim' }, 'Whoever runs the server makes one with ', h('span', { class: 'mono' }, 'cairn key create --name people --scopes query'), '. It stays in this browser.'),
    h('div', { class: 'end-row' }, h('button', { class: 'btn pri sm', type: 'submit' }, 'Use it')));
}

/** @returns {HTMLElement | false} takes the key back; nothing where none was given */
export function forgetButton() { return hasKey() && h('button', { class: 'btn sm', type: 'button', onclick: () => use('') }, 'Forget the key'); }
