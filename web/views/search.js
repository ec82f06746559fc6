// @ts-check
// The bar's search. It says what a text is before you go there: a trace's id, a service, a column, or a part of span names.
import { icon } from '../charts/svg.js';
import { traceID } from '../model/ids.js';
import { filterTexts } from '../model/query.js';
import { everything } from '../wire/api.js';
import { columns, datasets } from './catalog.js';
import { rank } from './combo.js';
import { byID, fill, h, service } from './dom.js';
import { go, link } from './router.js';

/** @typedef {{url: string, mark: any, text: any, note: string}} Aim */

let cursor = 0;
/** @type {Aim[]} */
let aims = [];

export function startSearch() {
  const input = byID('q'), list = byID('q-list');
  input.addEventListener('input', show);
  input.addEventListener('focus', show);
  input.addEventListener('blur', () => setTimeout(() => hide(), 120));
  input.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      cursor = aims.length ? (cursor + (event.key === 'ArrowDown' ? 1 : -1) + aims.length) % aims.length : 0;
      draw();
    } else if (event.key === 'Enter' && aims[cursor]?.url) { event.preventDefault(); take(aims[cursor]);
      } else if (event.key === 'Escape') { input.value = ''; hide(); input.blur(); }
  });
  list.addEventListener('mousedown', (/** @type {Event} */ event) => event.preventDefault());
}

function hide() { byID('q-list').hidden = true; byID('q').setAttribute('aria-expanded', 'false'); byID('q').removeAttribute('aria-activedescendant');
  }

/** @param {Aim} aim */
function take(aim) { byID('q').value = ''; hide(); byID('q').blur(); go(aim.url); }

async function show() {
  const text = byID('q').value.trim();
  if (!text) { aims = []; hide(); return; }
  const known = await columns(everything).catch(() => []);
  if (byID('q').value.trim() !== text || document.activeElement !== byID('q')) return;
  aims = find(text, known);
  cursor = 0;
  draw();
}

/** @param {string} text @param {{name: string, type: string}[]} known @returns {Aim[]} */
function find(text, known) {
  const id = traceID(text);
  if (id) return [{ url: link(`/ui/trace/${id.id}`), mark: icon('trace'), text: h('span', { class: 'mono cut' }, id.id),
    note: `${id.kind} id, opens the trace` }];
  const near = (/** @type {{name: string}[]} */ list, /** @type {number} */ most) => list.map((x) => ({ x,
    r: rank(x.name, text) })).filter((y) => y.r >= 0 && y.r < 3).sort((a, b) => a.r - b.r).slice(0, most).map((y) => y.x);
  return [
    ...near(datasets.get(), 4).map((d) => ({ url: link('/ui/explore', { f: filterTexts([{ column: 'service.name', op: '=', value: d.name }]) }),
      mark: icon('explore'), text: service(d.name), note: 'service, in Explore' })),
    { url: link('/ui/traces', { name: text }), mark: icon('trace'), text: h('span', { class: 'mono cut' }, text),
      note: 'traces with such a span name' },
    ...near(known, 4).map((c) => ({ url: link('/ui/explore', { c: ['COUNT'], by: [c.name] }), mark: icon('explore'),
      text: h('span', { class: 'mono cut' }, c.name), note: `${/** @type {any} */ (c).type} column, counts by it` })),
    ...(/^[0-9a-f-]{12,}$/i.test(text) ? [{ url: '', mark: icon('warn'), text: h('span', { class: 'cut' }, 'No trace id yet'),
      note: `${text.replaceAll('-', '').length} of 32 hex digits` }] : []),
  ].filter((aim) => aim.url || aim.note);
}

function draw() {
  const list = byID('q-list'), input = byID('q');
  fill(list, aims.map((aim, i) => aim.url
    ? h('a', { class: i === cursor ? 'cur' : '', id: `aim-${i}`, role: 'option', 'aria-selected': i === cursor, href: aim.url, tabindex: -1,
      onclick: (/** @type {MouseEvent} */ e) => { if (e.metaKey || e.ctrlKey) return; e.preventDefault(); e.stopPropagation(); take(aim); } },
      aim.mark, aim.text, h('span', { class: 'end faint small nowrap' }, aim.note))
    : h('div', { class: 'opt faint', id: `aim-${i}`, role: 'option', 'aria-disabled': true, 'aria-selected': false }, aim.mark, aim.text,
      h('span', { class: 'end small' }, aim.note))));
  list.hidden = !aims.length;
  input.setAttribute('aria-expanded', String(!list.hidden));
  if (aims.length) input.setAttribute('aria-activedescendant', `aim-${cursor}`);
}
