// @ts-check
// Making elements. Text is always a text node; nothing here parses markup.
import { services } from '../model/palette.js';
import { icon } from '../charts/svg.js';
import { giveBack, seek } from './focus.js';

/**
 * @param {string} tag
 * @param {Record<string, any>} [attributes] on… is a listener, vars sets custom properties and styles through the CSSOM, false and null are left out
 * @param {...any} kids nested lists and nulls are fine
 * @returns {any} the element
 */
export function h(tag, attributes = {}, ...kids) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value == null || (value === false && !key.startsWith('aria-'))) continue;
    if (key === 'vars') for (const [name, text] of Object.entries(value)) element.style.setProperty(name, String(text));
    else if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true && !key.startsWith('aria-') ? '' : String(value));
  }
  element.append(...flat(kids));
  return element;
}

/** @param {any[]} kids */
function flat(kids) { return kids.flat(9).filter((kid) => kid != null && kid !== false); }

/** Puts new content in place of the old; the focus stays on what was focused, where the new content has it too. @param {Element} element @param {...any} kids */
export function fill(element, ...kids) {
  const active = document.activeElement, inside = active && active !== element && element.contains(active) ? active : null;
  element.replaceChildren(...flat(kids));
  if (inside) seek(inside, element);
  giveBack(element);
}

/** @param {string} id @returns {any} */
export function byID(id) { return document.getElementById(id); }

/** @param {string} name @returns {Record<string, string>} the custom properties of a service's colour */
export function colourOf(name) {
  const n = services.of(name);
  return { '--c': `var(--c${n})`, '--ct': `var(--c${n}-tint)`, '--ci': `var(--c${n}-ink)` };
}

const shortName = 20, shownEnd = 8; // characters

/** @param {string} name @param {boolean} [tag] @returns {HTMLElement} a service, with its swatch; where a long name has no room, its middle goes: its end tells it from its neighbours */
export function service(name, tag = false) {
  const isParted = name.length > shortName && !/[^ -~]/.test(name); // letters that join stay together
  const text = isParted ? h('span', { class: 'parted' }, h('span', { class: 'cut' }, name.slice(0, -shownEnd)), h('span', {}, name.slice(-shownEnd))) : h('span', { class: 'cut' }, name || '(no name)');
  return h('span', { class: tag ? 'svc tag' : 'svc', vars: colourOf(name), title: name.length > shortName ? name : null }, text);
}

/** @param {[string, string]} figure @param {string} [className] @returns {HTMLElement} number and small unit */
export function figure([number, unit], className = '') { return h('span', { class: `nowrap ${className}` }, number,
  unit && h('span', { class: 'u' }, unit)); }

/** @param {string} name of a column @returns {any[]} that breaks after its dots and the like, not inside its words */
export function breakable(name) { return name.split(/(?<=[._/-])/).flatMap((part, i) => (i ? [h('wbr'), part] : [part])); }

/** @param {string} text what somebody wrote, such as where a runbook is @returns {any[]} with its addresses as links */
export function withLinks(text) {
  return text.split(/(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]}'])/).map((part, i) => (i % 2 ? h('a', { class: 'said', href: part, rel: 'noreferrer noopener', target: '_blank' }, part) : part));
}

/** @param {'ok' | 'warn' | 'err' | 'info' | ''} kind @param {string} text @param {string} [mark] an icon */
export function badge(kind, text, mark) { return h('span', { class: `badge ${kind}` }, mark && icon(mark), text); }

const doorNames = /** @type {Record<string, string>} */ ({ otlp: 'OTLP', xray: 'X-Ray' });

/** @param {string[]} doors @param {boolean} [isShort] a letter for each @returns {HTMLElement} a mark for each door that work came through */
export function doorMarks(doors, isShort = false) {
  return h('span', { class: 'vias', title: `Sent through ${doors.map((d) => doorNames[d] ?? d).join(' and ')}: two accounts, shown as one` },
    doors.map((d) => h('span', { class: `via ${d}` }, isShort ? (doorNames[d] ?? d).slice(0, 1) : doorNames[d] ?? d)));
}

/** @param {string} text read out to those who do not see @returns {void} */
export function say(text) { byID('say').textContent = text; }

/** @param {string | (() => string)} text @param {string} [name] @param {string} [what] @returns {HTMLElement} a button that copies */
export function copyButton(text, name = 'Copy', what = '') {
  const words = h('span', { class: name ? '' : 'sr' }, name || `Copy ${what}`);
  const button = h('button', { class: name ? 'btn sm' : 'btn ghost sm sq', type: 'button', 'aria-label': what ? `Copy ${what}` : null,
    onclick: async (/** @type {Event} */ event) => {
    event.stopPropagation();
    const done = await copy(typeof text === 'function' ? text() : text);
    if (name) { words.textContent = done ? 'Copied' : 'Select and copy'; setTimeout(() => { words.textContent = name; }, 1500); }
    button.classList.toggle('t-ok', done);
    setTimeout(() => button.classList.remove('t-ok'), 1500);
    say(done ? 'Copied' : 'The browser does not let this page copy');
  } }, icon('copy'), words);
  return button;
}

/** @param {string} text @returns {Promise<boolean>} also on plain http, where the clipboard API is closed */
export async function copy(text) {
  try { await navigator.clipboard.writeText(text); return true; } catch { /* the older way follows */ }
  const area = h('textarea', { class: 'sr', 'aria-hidden': 'true' });
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  return done;
}
