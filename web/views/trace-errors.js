// @ts-check
// On a trace's page: the error items that happened in it.
import { whole } from '../model/format.js';
import { errorItems } from '../wire/errors.js';
import { levelStripe, titleParts } from './error-parts.js';
import { h } from './dom.js';
import { link } from './router.js';

/** Shows nothing where there is none. @param {HTMLElement} host @param {string} traceID @param {AbortSignal} signal */
export async function showTraceErrors(host, traceID, signal) {
  const answer = await errorItems({ trace: traceID, status: 'any', limit: 20 }, signal).catch(() => null);
  if (!answer?.items.length || signal.aborted) return;
  const section = h('section', { class: 'panel trace-errors', 'aria-label': 'Errors in this trace' }, answer.items.map((/** @type {any} */ item) => {
    const [name, message] = titleParts(item);
    return h('a', { class: 'inkless row', href: link(`/ui/errors/${item.id}`) }, levelStripe(item.level), h('b', { class: 'nowrap' }, name), h('span', { class: 'dim cut' }, message),
      h('span', { class: 'end faint small nowrap' }, `#${item.counter}, ${whole(item.total)} times`));
  }));
  host.firstElementChild?.after(section);
}
