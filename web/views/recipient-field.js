// @ts-check
// Who is told: one of the known recipients, or a new one from what is typed.
import { recipientName, recipientOf } from '../model/triggers.js';
import * as wire from '../wire/triggers.js';
import { fill, h } from './dom.js';
import { field } from './forms.js';

/** @returns {{element: HTMLElement, settle: (text: string) => Promise<wire.Recipient>}} the field, named `to`, and what makes a recipient of its text */
export function recipientField() {
  const list = h('datalist', { id: 'known-recipients' });
  /** @type {wire.Recipient[]} */
  let known = [];
  wire.recipients().then((all) => { known = all; fill(list, all.map((r) => h('option', { value: recipientName(r) }, r.type))); }, () => {});
  return {
    element: field('To', h('span', { class: 'input' }, h('input', { name: 'to', required: true, spellcheck: false, list: 'known-recipients', placeholder: 'https://…, an address or a key of PagerDuty' }), list)),
    async settle(text) {
      const found = known.find((r) => recipientName(r) === text.trim()), made = recipientOf(text);
      if (found) return found;
      if (!made) throw new Error('To is a URL (https://…; of Slack or Teams too), an address, an integration key of PagerDuty, or one of the known recipients.');
      return wire.createRecipient(made);
    },
  };
}
