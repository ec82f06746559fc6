// @ts-check
// On a trace's page: the error items that happened in it.
import { plural } from '../model/format.js';
import { build } from '../model/trace-tree.js';
import { errorItems } from '../wire/errors.js';
import { levelStripe, titleParts } from './error-parts.js';
import { h, service } from './dom.js';
import { link } from './router.js';

/** Where a call failed further down, that is where it began: the service whose failed span lies deepest comes first. @param {any[]} items @param {any} trace */
function deepestFirst(items, trace) {
  const deepest = new Map();
  for (const { span, depth } of build(trace.spans).nodes.values()) if (span.error) deepest.set(span.service, Math.max(depth, deepest.get(span.service) ?? 0));
  const of = (/** @type {any} */ item) => deepest.get(item.project) ?? -1;
  return items.toSorted((a, b) => of(b) - of(a));
}

/** Shows nothing where there is none. @param {HTMLElement} host @param {any} trace @param {AbortSignal} signal */
export async function showTraceErrors(host, trace, signal) {
  const answer = await errorItems({ trace: trace.trace_id, status: 'any', limit: 20 }, signal).catch(() => null);
  if (!answer?.items.length || signal.aborted) return;
  const section = h('section', { class: 'panel trace-errors', 'aria-label': 'Errors in this trace' }, deepestFirst(answer.items, trace).map((/** @type {any} */ item) => {
    const [name, message] = titleParts(item);
    return h('a', { class: 'inkless row', href: link(`/ui/errors/${item.id}`) }, levelStripe(item.level), service(item.project), h('b', { class: 'cut' }, name), h('span', { class: 'dim cut said' }, message),
      h('span', { class: 'end faint small nowrap' }, `#${item.counter}, ${plural(item.total, 'time')}`));
  }));
  host.firstElementChild?.after(section);
}
