// @ts-check
// Draws a text in Markdown: elements and text nodes, never markup from the text.
import { parseMarkdown } from '../model/markdown.js';
import { h } from './dom.js';

/** @param {string} text @returns {HTMLElement} */
export function markdown(text) { return h('div', { class: 'md' }, parseMarkdown(text).map(block)); }

/** @param {import('../model/markdown.js').Block} b */
function block(b) {
  switch (b.kind) {
    case 'heading': return h(`h${Math.min(6, b.level + 2)}`, { class: `md-h${b.level}` }, b.parts.map(part));
    case 'list': return h(b.ordered ? 'ol' : 'ul', {}, b.items.map((parts) => h('li', {}, parts.map(part))));
    case 'code': return h('pre', {}, h('code', {}, b.text));
    case 'rule': return h('hr');
    default: return h(b.kind === 'quote' ? 'blockquote' : 'p', {}, b.parts.map(part));
  }
}

/** @param {import('../model/markdown.js').Inline} p @returns {any} */
function part(p) {
  if (typeof p === 'string') return p;
  if (p.kind === 'code') return h('code', {}, p.text);
  if (p.kind === 'link') return h('a', { href: p.href, ...(p.href.startsWith('/ui/') ? {} : { rel: 'noopener noreferrer', target: '_blank' }) }, p.parts.map(part));
  return h(p.kind === 'bold' ? 'b' : 'i', {}, p.parts.map(part));
}
