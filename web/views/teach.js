// @ts-check
// What an empty server says: the one line that fills it. The page fills by itself when the first event comes.
import { dialable, highlight, otlpHTTP } from '../model/snippets.js';
import { status } from './catalog.js';
import { copyButton, h } from './dom.js';
import { link } from './router.js';
import { empty } from './states.js';

/** @param {string} title @param {any[]} text @returns {HTMLElement} */
export function teach(title, text) {
  const listens = status.get()?.listeners?.otlp_http, snippet = listens ? otlpHTTP(dialable(listens, location.hostname),
    status.get()?.open !== false)[0] : null;
  return h('div', { class: 'panel teach' }, empty(title, text),
    snippet && h('div', { class: 'snip' }, h('pre', { tabindex: 0, 'aria-label': 'Settings for OpenTelemetry' },
      highlight(snippet.code, snippet.lang).map((p) => (p.kind ? h('span', { class: `x-${p.kind}` }, p.text) : p.text))),
      copyButton(snippet.code, 'Copy', 'the settings')),
    h('div', { class: 'row wrap' }, h('a', { class: 'btn pri', href: link('/ui/send') }, 'Send data: every door'),
      h('span', { class: 'row waiting live' }, 'waiting for the first event')));
}
