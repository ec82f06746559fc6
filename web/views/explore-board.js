// @ts-check
// Puts the page's question onto a board.
import { icon } from '../charts/svg.js';
import { keptQuery, roomFor } from '../model/boards.js';
import { label } from '../model/query.js';
import * as wire from '../wire/boards.js';
import { fill, h, say } from './dom.js';
import { field, select } from './forms.js';
import { popover } from './popover.js';
import { dataset, go, link, time } from './router.js';

const fresh = '(new)';

/** @param {() => import('../model/query.js').Query} query @returns {HTMLElement} */
export function boardButton(query) {
  const button = h('button', { class: 'btn sm', type: 'button', 'aria-haspopup': 'dialog', onclick: () => popover(button, 'Add to board', (close) => form(query(), close), 340) },
    icon('board'), 'Add to board');
  return button;
}

/** @param {import('../model/query.js').Query} query @param {() => void} close */
function form(query, close) {
  const trouble = h('div', { class: 'trouble' }), picks = h('span', {}), named = h('input', { name: 'board', required: true, maxlength: 255, placeholder: 'Shop' }), name = field('Its name', h('span', { class: 'input' }, named));
  /** @type {wire.Board[]} */
  let boards = [];
  let chosen = fresh;
  const choose = (/** @type {string} */ id) => { chosen = id; name.hidden = named.disabled = id !== fresh; };
  wire.boards().then((all) => {
    boards = [...all].sort((a, b) => a.name.localeCompare(b.name));
    fill(picks, select('where', { ...Object.fromEntries(boards.map((b) => [b.id, b.name])), [fresh]: 'a new board' }, boards[0]?.id ?? fresh, choose));
    choose(boards[0]?.id ?? fresh);
  }, (error) => fill(trouble, h('p', { class: 'small t-err', role: 'alert' }, error.message)));
  const element = h('form', { class: 'stack alert-form', 'aria-label': 'Add to board' }, field('Board', picks), name,
    field('Title of the panel', h('span', { class: 'input' }, h('input', { name: 'title', required: true, maxlength: 320, value: titleOf(query) }))), trouble,
    h('div', { class: 'row end-row' }, h('a', { class: 'small', href: link('/ui/boards') }, 'All boards'), h('button', { class: 'btn pri sm end', type: 'submit' }, 'Add')));
  element.addEventListener('submit', async (/** @type {Event} */ event) => {
    event.preventDefault();
    const values = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(element)));
    try {
      const made = await wire.queryPanel(dataset(), keptQuery(query, time()), values.title), board = boards.find((b) => b.id === chosen), panels = board?.panels ?? [];
      const next = [...panels, { ...made, position: roomFor(panels, 6, 4) }];
      const kept = board ? await wire.changeBoard(board.id, { name: board.name, panels: next }) : await wire.createBoard({ name: values.board, type: 'flexible', panels: next });
      say(`On the board ${kept.name}`);
      close();
      go(link(`/ui/boards/${kept.id}`));
    } catch (error) { fill(trouble, h('p', { class: 'small t-err', role: 'alert' }, /** @type {Error} */ (error).message)); }
  });
  return element;
}

/** @param {import('../model/query.js').Query} query @returns {string} */
function titleOf(query) { return `${(query.formulas.length ? query.formulas.map((f) => f.name) : query.calculations.map(label)).join(', ')}${query.breakdowns.length ? ` by ${query.breakdowns.join(', ')}` : ''}`.slice(0, 320); }
