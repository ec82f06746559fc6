// @ts-check
// One board: its panels on a grid, asked over the time above and through its filters; in edit mode they move.
import { icon } from '../charts/svg.js';
import { columnCount, moved, roomFor, settled } from '../model/boards.js';
import { readValue } from '../model/query.js';
import { rangeText } from '../model/time.js';
import * as wire from '../wire/boards.js';
import { slos } from '../wire/slos.js';
import { queryPanel, sloPanel, textPanel } from './board-panels.js';
import { columns } from './catalog.js';
import { fill, h, say } from './dom.js';
import { field, select } from './forms.js';
import { popover } from './popover.js';
import { readMarkers } from './markers.js';
import { go, link, patch, place, range, refresh } from './router.js';
import { empty, failed, loader, skeleton } from './states.js';

/** @typedef {{element: HTMLElement, read: () => void, stop: () => void}} Drawn */

/** @param {HTMLElement} host @param {string} id @returns {import('../app.js').Page} */
export function boardPage(host, id) {
  const body = h('div', { class: 'stack-4' }), load = loader();
  let shown = '', editing = false;
  /** @type {Drawn[]} */
  let drawn = [];
  let types = /** @type {Map<string, string>} */ (new Map());
  /** @type {Awaited<ReturnType<typeof wire.board>> | null} */
  let now = null;
  fill(host, body);
  const stopPanels = () => { for (const one of drawn) one.stop(); };
  const filters = () => filtersOf(now, types);
  const keep = async (/** @type {object} */ change) => {
    if (!now) return;
    now = { ...now, board: await wire.changeBoard(id, { name: now.board.name, ...change }) };
    draw();
  };
  const draw = () => {
    if (!now) return;
    stopPanels();
    const answer = now, panels = settled(answer.board.panels);
    drawn = panels.map((panel) => panelOf(panel, answer, filters));
    const change = (/** @type {number} */ i, /** @type {wire.Panel | null} */ next) => keep({ panels: panels.flatMap((panel, at) => (at === i ? next ?? [] : panel)) }).catch((error) => fill(trouble, failed(error)));
    const trouble = h('div', { class: 'board-trouble' }), grid = h('div', { class: 'board-grid' }, panels.map((panel, i) => {
      const p = panel.position, cell = h('div', { class: 'board-cell', 'data-panel': panel.type, vars: { '--x': p.x_coordinate + 1, '--w': Math.min(p.width, columnCount - p.x_coordinate), '--y': p.y_coordinate + 1, '--h': p.height } }, drawn[i].element);
      if (editing) cell.append(tools(panel, (next) => change(i, next)));
      return cell;
    }));
    fill(body, head(answer, { editing, edit: () => { editing = !editing; draw(); }, keep }), filterBar(answer), trouble,
      panels.length ? grid : h('section', { class: 'panel' }, empty('Nothing is on this board.', ['Ask in Explore, then press ', h('b', {}, 'Add to board'), '; texts and SLOs are added here.'], [h('a', { class: 'btn pri', href: link('/ui/explore') }, 'Explore')])));
  };
  const flags = () => { readMarkers(...(now?.queries ?? []).map((q) => q.dataset)); };
  const readPanels = () => { flags(); for (const one of drawn) one.read(); };
  const read = () => load.run(body, async (signal) => {
    const answer = await wire.board(id, signal);
    if (answer.board.preset_filters?.length) types = new Map((await columns('__all__').catch(() => [])).map((c) => [c.name, c.type]));
    return answer;
  }, (answer) => { now = answer; flags(); draw(); }, () => h('div', { class: 'panel' }, skeleton(6, true)));
  const signature = () => `${rangeText(range())} ${place.get().params.getAll('pf')} ${place.get().params.get('view')}`;
  read();
  shown = signature();
  const stop = refresh.subscribe(readPanels);
  return { update() { const next = signature(); if (next !== shown) { shown = next; readPanels(); } }, close() { stop(); load.stop(); stopPanels(); } };
}

/** @param {wire.Panel} panel @param {Awaited<ReturnType<typeof wire.board>>} answer @param {() => any[]} filters @returns {Drawn} */
function panelOf(panel, answer, filters) {
  if (panel.type === 'text') return textPanel(panel.text_panel?.content ?? '');
  if (panel.type === 'slo') return sloPanel(panel.slo_panel?.slo_id ?? '');
  return queryPanel(panel.query_panel, answer.queries.find((q) => q.id === panel.query_panel?.query_id), filters);
}

/** @param {Awaited<ReturnType<typeof wire.board>> | null} answer @param {Map<string, string>} types @returns {{column: string, op: string, value?: unknown}[]} those of the chosen view, and what the reader set */
function filtersOf(answer, types) {
  if (!answer) return [];
  const { params } = place.get(), view = answer.views.find((v) => v.id === params.get('view'));
  const preset = new Set((answer.board.preset_filters ?? []).map((f) => f.column));
  const set = params.getAll('pf').flatMap((text) => {
    const cut = text.indexOf('='), column = text.slice(0, cut), value = readValue(text.slice(cut + 1), '=', types.get(column));
    return cut > 0 && preset.has(column) && value !== null ? [{ column, op: '=', value }] : [];
  });
  return [...(view?.filters ?? []).map(({ column, operation, ...rest }) => ({ column, op: operation, ...rest })), ...set];
}

/** @param {Awaited<ReturnType<typeof wire.board>>} answer */
function filterBar({ board, views }) {
  const presets = board.preset_filters ?? [], { params } = place.get();
  if (!presets.length && !views.length) return null;
  const values = new Map(params.getAll('pf').map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]));
  const set = (/** @type {string} */ column, /** @type {string} */ value) => { if (value) values.set(column, value); else values.delete(column); patch({ pf: [...values].map(([c, v]) => `${c}=${v}`) }, { replace: true }); };
  return h('section', { class: 'panel board-filters', 'aria-label': 'Filters' }, views.length > 0 && field('View', select('view', { '': 'everything', ...Object.fromEntries(views.map((v) => [v.id, v.name])) }, params.get('view') ?? '', (id) => patch({ view: id || null }, { replace: true }))),
    presets.map((preset) => field(preset.alias || preset.column, h('span', { class: 'input' }, h('input', { name: preset.column, value: values.get(preset.column) ?? '', placeholder: 'any', spellcheck: false, onchange: (/** @type {any} */ e) => set(preset.column, e.target.value.trim()) })))));
}

/** @param {Awaited<ReturnType<typeof wire.board>>} answer @param {{editing: boolean, edit: () => void, keep: (change: object) => Promise<void>}} does */
function head({ board }, { editing, edit, keep }) {
  const add = h('button', { class: 'btn', type: 'button', 'aria-haspopup': 'dialog', onclick: () => popover(add, 'Add a panel', (close) => addForm(board, close, keep), 380) }, icon('plus'), 'Add panel');
  const remove = h('button', { class: 'btn ghost', type: 'button', onclick: async () => {
    if (remove.textContent === 'Delete') { remove.textContent = 'Delete for good?'; return; }
    await wire.deleteBoard(board.id);
    say('The board is gone');
    go(link('/ui/boards'));
  } }, 'Delete');
  return h('div', { class: 'stack' }, h('div', { class: 'head' }, h('a', { class: 'btn ghost sq', href: link('/ui/boards'), 'aria-label': 'All boards' }, icon('left')), h('h1', {}, board.name), (board.tags ?? []).map((tag) => h('span', { class: 'badge' }, `${tag.key}: ${tag.value}`)),
    h('span', { class: 'row end' }, editing && remove, add, h('button', { class: `btn ${editing ? 'pri' : ''}`, type: 'button', 'aria-pressed': String(editing), onclick: edit }, editing ? 'Done' : 'Edit'))),
  board.description && h('p', { class: 'dim' }, board.description));
}

/** @param {wire.Board} board @param {() => void} close @param {(change: object) => Promise<void>} keep */
function addForm(board, close, keep) {
  const trouble = h('div', { class: 'trouble' }), inner = h('div', { class: 'stack' });
  const text = field('Text, in Markdown', h('span', { class: 'input tall' }, h('textarea', { name: 'content', rows: 6, maxlength: 10_000, required: true, 'aria-label': 'Text' })));
  const show = async (/** @type {string} */ type) => {
    if (type === 'text') { fill(inner, text); return; }
    const all = (await slos().catch(() => ({ slos: [] }))).slos;
    fill(inner, all.length ? field('SLO', select('slo', Object.fromEntries(all.map(({ slo }) => [slo.id, slo.name])), all[0].slo.id)) : h('p', { class: 'small' }, 'There is no SLO yet. ', h('a', { href: link('/ui/slos/new') }, 'Make one')));
  };
  fill(inner, text);
  const element = h('form', { class: 'stack alert-form', 'aria-label': 'Add a panel' }, field('What', select('type', { text: 'a text', slo: 'an SLO' }, 'text', show)), inner, trouble,
    h('div', { class: 'row end-row' }, h('a', { class: 'small', href: link('/ui/explore') }, 'Questions: ask in Explore'), h('button', { class: 'btn pri sm end', type: 'submit' }, 'Add')));
  element.addEventListener('submit', async (/** @type {Event} */ event) => {
    event.preventDefault();
    const values = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(element)));
    const made = values.type === 'text' ? { type: 'text', text_panel: { content: values.content } } : { type: 'slo', slo_panel: { slo_id: values.slo } };
    try { await keep({ panels: [...board.panels, { ...made, position: roomFor(board.panels, values.type === 'text' ? 6 : 4, 3) }] }); close(); } catch (error) { fill(trouble, h('p', { class: 'small t-err', role: 'alert' }, /** @type {Error} */ (error).message)); }
  });
  return element;
}

/** @param {wire.Panel} panel @param {(next: wire.Panel | null) => void} change */
function tools(panel, change) {
  const one = (/** @type {string} */ sign, /** @type {string} */ name, /** @type {Parameters<typeof moved>[1]} */ how) => h('button', { class: 'btn ghost sm sq', type: 'button', title: name, 'aria-label': name, onclick: () => change({ ...panel, position: moved(panel.position, how) }) }, sign);
  return h('div', { class: 'board-tools', role: 'toolbar', 'aria-label': 'Change the panel' }, one('←', 'Move left', 'left'), one('→', 'Move right', 'right'), one('↑', 'Move up', 'up'), one('↓', 'Move down', 'down'),
    one('−', 'Narrower', 'narrower'), one('+', 'Wider', 'wider'), one('⌃', 'Lower', 'lower'), one('⌄', 'Taller', 'taller'), panel.type === 'text' && editText(panel, change),
    h('button', { class: 'btn ghost sm', type: 'button', onclick: () => change(null) }, 'Remove'));
}

/** @param {wire.Panel} panel @param {(next: wire.Panel) => void} change */
function editText(panel, change) {
  const button = h('button', { class: 'btn ghost sm', type: 'button', onclick: () => popover(button, 'Text', (close) => {
    const area = h('textarea', { rows: 10, maxlength: 10_000, 'aria-label': 'Text' });
    area.value = panel.text_panel?.content ?? '';
    return h('div', { class: 'stack' }, h('span', { class: 'input tall' }, area), h('button', { class: 'btn pri sm', type: 'button', onclick: () => { if (area.value) change({ ...panel, text_panel: { content: area.value } }); close(); } }, 'Keep'));
  }, 420) }, 'Text');
  return button;
}
