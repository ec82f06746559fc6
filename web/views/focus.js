// @ts-check
// Where the focus goes when what had it is drawn anew: pages are refilled by answers, and whoever works by keys must not begin again at the top.

const patience = 2000, grace = 400; // ms: new content may come in parts; without it the focus goes to where it was
const focusable = 'a[href], button, input, select, textarea, summary, [tabindex]';

/** What had the focus and is gone. @type {{like: string, until: number} | null} */
let sought = null;

/** What an element is to its reader, whichever element stands for it. @param {Element} e */
function likeness(e) { return `${e.tagName} ${e.id} ${e.getAttribute('role') ?? ''} ${e.getAttribute('aria-label') ?? e.getAttribute('placeholder') ?? e.textContent?.slice(0, 100)} ${e.getAttribute('href') ?? ''}`; }

/** @param {Element} gone what had the focus @param {Element} host what it was in: it gets the focus if nothing like it comes */
export function seek(gone, host) {
  const mine = sought = { like: likeness(gone), until: performance.now() + patience };
  setTimeout(() => {
    if (sought !== mine || document.activeElement !== document.body || !(host instanceof HTMLElement) || !host.isConnected) return;
    if (!host.hasAttribute('tabindex')) host.tabIndex = -1;
    host.focus({ preventScroll: true });
  }, grace);
}

/** @param {Element} element with new content: what is like the sought one gets the focus */
export function giveBack(element) {
  if (!sought) return;
  if (document.activeElement !== document.body || performance.now() > sought.until) { sought = null; return; }
  const { like } = sought, found = [...element.querySelectorAll(focusable)].find((e) => likeness(e) === like);
  if (!(found instanceof HTMLElement)) return;
  found.focus({ preventScroll: true });
  if (document.activeElement === found) sought = null;
}

/** @param {HTMLElement} anchor to which the focus returns; drawn anew, it is what is like it, or else where it was */
export function focusAgain(anchor, host = anchor.parentElement) {
  if (anchor.isConnected) { anchor.focus(); return; }
  seek(anchor, host?.isConnected ? host : document.getElementById('main') ?? document.body);
  giveBack(document.body);
}
