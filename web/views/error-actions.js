// @ts-check
// What a person may decide about items: who looks at them, for how long they are quiet, that they are done.
import { combo } from './combo.js';
import { h } from './dom.js';
import { popover } from './popover.js';

/** @typedef {{id: number, username: string, email: string}} User */

const day = 86_400; // s

/**
 * @param {HTMLElement} anchor @param {User[]} users @param {boolean} isTaken somebody has it already @param {(change: object) => void} act
 */
export function assign(anchor, users, isTaken, act) {
  popover(anchor, 'Assign', (close) => combo({ label: 'Assign to', placeholder: 'a name or an address', free: true,
    pick: (value) => { close(); if (value.trim() || isTaken) act({ assignee: value.trim() }); },
    options: (text) => [...(isTaken && !text ? [{ value: '', text: 'nobody' }] : []), ...users.filter((u) => `${u.username} ${u.email}`.toLowerCase().includes(text.toLowerCase()))
      .map((u) => ({ value: u.username, note: u.email }))] }).element, 280);
}

/** How long an item is to be quiet. @param {HTMLElement} anchor @param {(change: object) => void} act */
export function quiet(anchor, act) {
  const now = Math.floor(Date.now() / 1000);
  const ways = /** @type {[string, string, object][]} */ ([['Mute', 'until somebody reopens it', { status: 'muted' }], ['Mute until 100 more', 'occurrences came', { status: 'muted', mute_until_count: 100 }],
    ['Mute for a day', 'then active again', { status: 'muted', mute_until: now + day }], ['Mute for a week', 'then active again', { status: 'muted', mute_until: now + 7 * day }],
    ['Snooze for an hour', 'active, but tells nobody', { snoozed: true, snooze_expiration_in_seconds: 3600 }], ['Archive', 'out of the way until it comes back', { status: 'archived' }]]);
  popover(anchor, 'Mute', (close) => h('div', { class: 'list' }, ways.map(([text, note, change]) => h('button', { class: 'opt', type: 'button',
    onclick: () => { close(); act(change); } }, h('span', {}, text), h('span', { class: 'end faint small' }, note)))), 360);
}
