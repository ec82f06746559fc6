// @ts-check
// A page on paper: in light colours, with what of it the screen shows elsewhere: its name, its time and zone, its address.
import { rangeName, stamp, zoneName } from '../model/time.js';
import { byID, fill } from './dom.js';
import { isAnyTime, range, utc } from './router.js';

export function startPaper() {
  const root = document.documentElement;
  let theme = /** @type {string | undefined} */ (undefined);
  addEventListener('beforeprint', () => {
    theme = root.dataset.theme;
    root.dataset.theme = 'light';
    root.classList.add('paper');
    const now = Date.now(), time = rangeName(range(), now / 1000, utc.get()), of = byID('time').hidden ? '' : isAnyTime() ? 'any time, ' : `${time.name}, ${time.span}, `;
    dispatchEvent(new Event('paper')); // charts are drawn anew, in paper's colours and width
    fill(byID('on-paper'), `${document.title}: ${of}printed ${stamp(now * 1000, utc.get())} ${zoneName(now * 1000, utc.get())}, ${location.href}`);
  });
  addEventListener('afterprint', () => {
    root.classList.remove('paper');
    if (theme) root.dataset.theme = theme; else delete root.dataset.theme;
    dispatchEvent(new Event('themechange'));
  });
}
