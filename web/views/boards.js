// @ts-check
// Boards: pictures of questions side by side.
import { icon } from '../charts/svg.js';
import { plural } from '../model/format.js';
import * as wire from '../wire/boards.js';
import { boardPage } from './board.js';
import { fill, h, say } from './dom.js';
import { field } from './forms.js';
import { popover } from './popover.js';
import { go, link, place, refresh } from './router.js';
import { empty, loader, skeleton } from './states.js';

/** @param {HTMLElement} host @returns {import('../app.js').Page} */
export function boardsPage(host) {
  const { id } = place.get();
  return id ? boardPage(host, id) : listPage(host);
}

/** @param {HTMLElement} host @returns {import('../app.js').Page} */
function listPage(host) {
  const list = h('div', {}, skeleton(5)), load = loader();
  const add = h('button', { class: 'btn pri', type: 'button', 'aria-haspopup': 'dialog', onclick: () => popover(add, 'New board', form) }, icon('plus'), 'New board');
  fill(host, h('div', { class: 'head' }, h('h1', {}, 'Boards'), h('span', { class: 'sub' }, 'Questions worth asking again, side by side, over one time.'), h('span', { class: 'row end' }, add)), list);
  const read = () => load.run(list, (signal) => wire.boards(signal), (all) => fill(list, all.length ? h('div', { class: 'board-cards' }, [...all].sort((a, b) => a.name.localeCompare(b.name)).map(card))
    : h('section', { class: 'panel' }, empty('No board yet.', ['Ask in Explore for what should be watched, then press ', h('b', {}, 'Add to board'), '.'], [h('a', { class: 'btn pri', href: link('/ui/explore') }, 'Explore')]))), () => skeleton(5));
  read();
  const stop = refresh.subscribe(read);
  return { update() {}, close() { stop(); load.stop(); } };
}

/** @param {wire.Board} board */
function card(board) {
  const count = (/** @type {string} */ type) => board.panels.filter((p) => p.type === type).length;
  const parts = [[count('query'), 'question'], [count('slo'), 'SLO'], [count('text'), 'text']].filter(([n]) => n).map(([n, word]) => plural(/** @type {number} */ (n), /** @type {string} */ (word)));
  return h('a', { class: 'panel board-card', href: link(`/ui/boards/${board.id}`), 'data-board': board.id }, h('b', { class: 'cut' }, board.name), board.description && h('span', { class: 'small dim board-about' }, board.description),
    h('span', { class: 'row wrap small faint' }, parts.join(', ') || 'empty', (board.tags ?? []).map((tag) => h('span', { class: 'badge' }, `${tag.key}: ${tag.value}`))));
}

/** @param {() => void} close */
function form(close) {
  const trouble = h('div', { class: 'trouble' });
  const element = h('form', { class: 'stack alert-form', 'aria-label': 'New board' }, field('Name', h('span', { class: 'input' }, h('input', { name: 'name', required: true, maxlength: 255, placeholder: 'Shop' }))),
    field('Description', h('span', { class: 'input' }, h('input', { name: 'description', maxlength: 1024 }))), trouble, h('div', { class: 'row end-row' }, h('button', { class: 'btn pri sm end', type: 'submit' }, 'Keep')));
  element.addEventListener('submit', async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      const board = await wire.createBoard({ ...Object.fromEntries(new FormData(element)), type: 'flexible' });
      say('The board is kept');
      close();
      go(link(`/ui/boards/${board.id}`));
    } catch (error) { fill(trouble, h('p', { class: 'small t-err', role: 'alert' }, /** @type {Error} */ (error).message)); }
  });
  return element;
}
