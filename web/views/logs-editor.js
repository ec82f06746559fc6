// @ts-check
// The editor of a query: coloured, with what fits at the caret.
import { complete, pieces, problem } from '../model/insights.js';
import * as logs from '../wire/logs.js';
import { fill, h } from './dom.js';

/** @type {import('../model/insights.js').Language} */
let language = { commands: [], functions: [], statistics: [], fields: [] };

/** @param {(text: string) => void} run */
export function logsEditor(run) {
  const shade = h('pre', { class: 'ed-shade', 'aria-hidden': 'true' });
  const area = h('textarea', { class: 'ed-area', rows: 1, spellcheck: false, autocomplete: 'off', autocapitalize: 'off', 'data-find': true,
    placeholder: 'fields @timestamp, @message | filter severity = "error" | limit 200', 'aria-label': 'Insights query',
    'aria-controls': 'ed-list', 'aria-autocomplete': 'list' });
  const list = h('div', { class: 'pop ed-list', id: 'ed-list', role: 'listbox', 'aria-label': 'What fits here', hidden: true });
  const wrong = wrongPlace(area, () => colour(), run);
  const element = h('div', { class: 'ed-box' }, shade, area, list, wrong.element);
  const stopper = new AbortController();
  let at = -1, from = 0;
  /** @type {{text: string, kind: string}[]} */
  let options = [];
  const colour = () => {
    fill(shade, shades(area.value, wrong.place()), '\n');
    area.style.setProperty('height', 'auto');
    area.style.setProperty('height', `${Math.min(area.scrollHeight, 220)}px`);
  };
  const close = () => { list.hidden = true; options = []; at = -1; };
  const pick = (/** @type {number} */ index) => {
    const { text } = options[index], end = area.selectionStart, space = text.endsWith('(') || area.value[end] === ' ' ? '' : ' ';
    area.setRangeText(text + space, from, end, 'end');
    close();
    colour();
    area.focus();
    offer();
  };
  const draw = () => {
    list.hidden = !options.length;
    fill(list, options.map((option, i) => choice(option, i === at, () => pick(i))));
    list.children[at]?.scrollIntoView({ block: 'nearest' });
  };
  const offer = () => { ({ from, options } = complete(area.value, area.selectionStart, language)); at = -1; draw(); };
  const keys = (/** @type {KeyboardEvent} */ e) => {
    if (e.key === 'Enter' && (e.metaKey || e.ctrlKey)) { e.preventDefault(); close(); run(area.value.trim()); return; }
    if (e.key === 'Escape') { if (!list.hidden) { e.stopPropagation(); close(); } return; }
    if (e.key === ' ' && e.ctrlKey) { e.preventDefault(); offer(); return; }
    if (!list.hidden && (e.key === 'ArrowDown' || e.key === 'ArrowUp')) {
      e.preventDefault();
      at = (at + (e.key === 'ArrowDown' ? 1 : -1) + options.length + (at < 0 && e.key === 'ArrowUp' ? 1 : 0)) % options.length;
      draw();
    } else if (!list.hidden && (e.key === 'Tab' || e.key === 'Enter') && (at >= 0 || e.key === 'Tab')) { e.preventDefault(); pick(Math.max(at, 0)); }
  };
  area.addEventListener('keydown', keys);
  area.addEventListener('input', () => { if (wrong.place()) wrong.blame(''); colour(); offer(); });
  area.addEventListener('scroll', () => { shade.scrollTop = area.scrollTop; shade.scrollLeft = area.scrollLeft; });
  area.addEventListener('blur', close);
  logs.language(stopper.signal).then((found) => { language = found; wrong.again(); colour(); }, () => {});
  return { element, blame: wrong.blame, text: () => area.value.trim(), set(/** @type {string} */ text) { if (document.activeElement !== area || !area.value) { if (text !== area.value) wrong.blame(''); area.value = text; colour(); } },
    stop: () => stopper.abort() };
}

/**
 * The place in the text that is wrong, and what was meant.
 * @param {HTMLTextAreaElement} area @param {() => void} colour @param {(text: string) => void} run
 */
function wrongPlace(area, colour, run) {
  const element = h('div', { class: 'ed-wrong small', role: 'alert', hidden: true });
  let blamed = /** @type {ReturnType<typeof problem>} */ (null), said = '';
  /** Marks the place that a refusal names and offers what was meant. @param {string} message @returns {string} the refusal in words */
  const blame = (message) => {
    said = message;
    blamed = message ? problem(message, language) : null;
    element.hidden = !blamed;
    area.setAttribute('aria-invalid', String(Boolean(blamed)));
    colour();
    if (!blamed) return message;
    const { from, to, text, instead } = blamed, sentence = text[0].toUpperCase() + text.slice(1);
    const mend = () => {
      area.setRangeText(instead, from, to, 'end');
      blame('');
      run(area.value.trim());
    };
    fill(element, h('span', { class: 't-err' }, `${sentence}.`),
      instead && h('button', { class: 'btn sm', type: 'button', onclick: mend }, 'Use ', h('b', { class: 'mono' }, instead)));
    return `${sentence}, at character ${from + 1}.`;
  };
  /** The language is known by now: it may say what was meant. */
  const again = () => { if (said) blame(said); };
  return { element, blame, again, place: () => blamed };
}

/** What stands behind the text: its words by their kind, or the place that is wrong. @param {string} text @param {ReturnType<typeof problem>} blamed */
function shades(text, blamed) {
  if (!blamed) return pieces(text, language).map((p) => (p.kind ? h('span', { class: `x-${p.kind}` }, p.text) : p.text));
  const to = Math.max(blamed.to, blamed.from + 1);
  return [text.slice(0, blamed.from), h('span', { class: 'x-wrong' }, text.slice(blamed.from, to) || ' '), text.slice(to)];
}

/** One of what fits. @param {{text: string, kind: string}} option @param {boolean} isChosen @param {() => void} pick */
function choice(option, isChosen, pick) {
  const press = (/** @type {Event} */ e) => { e.preventDefault(); pick(); };
  return h('button', { class: 'opt', type: 'button', role: 'option', 'aria-selected': isChosen, tabindex: -1, onpointerdown: press },
    h('span', { class: 'mono cut' }, option.text), h('span', { class: 'end faint small' }, option.kind));
}
