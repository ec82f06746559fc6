// @ts-check
// One popover at a time, beside what opened it: the browser's own, so Escape and a click outside close it.
import { fill, h } from './dom.js';
import { focusAgain } from './focus.js';

/** @type {HTMLElement | null} */
let shown = null;
let opener = /** @type {HTMLElement | null} */ (null);
/** The anchor of an open one that is pressed: the press closes it, and the click that follows must not open it again. @type {HTMLElement | null} */
let pressed = null;
addEventListener('pointerdown', (event) => { pressed = isOpen() && opener?.contains(/** @type {Node} */ (event.target)) ? opener : null; }, true);
addEventListener('keydown', () => { pressed = null; }, true);

function isOpen() { return Boolean(shown?.matches(':popover-open')); }

/**
 * @param {HTMLElement} anchor @param {string} name @param {(close: () => void) => any} build its content @param {number | {sheet: true}} [width] of what stands beside it; or a sheet over the foot of the window
 */
export function popover(anchor, name, build, width = 340) {
  const isAgain = pressed === anchor || isOpen() && opener === anchor;
  pressed = null;
  closePopover();
  if (isAgain) return;
  opener = anchor;
  const around = /** @type {HTMLElement | null} */ (anchor.closest('section, main')); // for when the anchor is gone by then
  const isSheet = typeof width !== 'number', box = h('div', { class: isSheet ? 'menu sheet' : 'menu', popover: 'auto', role: 'dialog', 'aria-label': name, vars: isSheet ? {} : { width: `${width}px` } });
  const close = () => { if (box.isConnected) box.hidePopover(); };
  fill(box, build(close));
  document.body.append(box);
  shown = box;
  anchor.setAttribute('aria-expanded', 'true');
  box.addEventListener('beforetoggle', (/** @type {any} */ event) => { // at once: 'toggle' comes when it has been gone for a while
    if (event.newState !== 'closed') return;
    anchor.setAttribute('aria-expanded', 'false');
    if (shown === box) shown = null;
  });
  box.addEventListener('toggle', (/** @type {any} */ event) => {
    if (event.newState !== 'closed') return;
    const inside = box.contains(document.activeElement) || document.activeElement === document.body;
    box.remove();
    if (inside) focusAgain(anchor, around);
  });
  box.showPopover(/** @type {any} */ ({ source: anchor })); // Tab leads on from the anchor into the box
  if (!isSheet) settle(box, anchor);
  box.querySelector('[autofocus], input, select, button')?.focus();
}

/** @param {HTMLElement} box @param {HTMLElement} anchor beneath it, within the window */
function settle(box, anchor) {
  const a = anchor.getBoundingClientRect(), b = box.getBoundingClientRect(), gap = 8;
  const left = Math.max(gap, Math.min(a.left, innerWidth - b.width - gap));
  const below = a.bottom + 4, top = below + b.height + gap > innerHeight ? Math.max(gap, Math.min(below, innerHeight - b.height - gap)) : below;
  box.style.setProperty('left', `${left}px`);
  box.style.setProperty('top', `${top}px`);
}

export function closePopover() { if (shown?.isConnected) shown.hidePopover(); }
