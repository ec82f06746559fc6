// @ts-check
// On a narrow screen the bar at the bottom has room for few pages: the others come in a sheet above it.
import { byID, h } from './dom.js';
import { popover } from './popover.js';

/** The links that the bar leaves out. @returns {HTMLAnchorElement[]} */
function rest() { return [...document.querySelectorAll('.rail a.rest')].map((a) => /** @type {HTMLAnchorElement} */ (a)); }

export function startMore() {
  const button = byID('more');
  button.addEventListener('click', () => {
    const links = rest().map((a, i) => h('a', { href: a.href, 'aria-current': a.getAttribute('aria-current'), autofocus: i === 0 }, a.querySelector('svg')?.cloneNode(true), a.textContent));
    popover(button, 'More pages', () => h('nav', { 'aria-label': 'More pages' }, links), { sheet: true });
  });
}

/** Says on the button that one of its pages is shown. */
export function showMore() {
  const button = byID('more');
  if (rest().some((a) => a.hasAttribute('aria-current'))) button.setAttribute('aria-current', 'true'); else button.removeAttribute('aria-current');
}
