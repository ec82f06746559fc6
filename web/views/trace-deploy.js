// @ts-check
// On a trace's page: what went out last before it.
import { ago } from '../model/format.js';
import { h } from './dom.js';
import { markerBefore, markerButton } from './markers.js';

/** Shows nothing where nothing went out. @param {HTMLElement} host @param {{spans: {service: string}[]}} trace @param {number} startUs @param {AbortSignal} signal */
export async function showTraceDeploy(host, trace, startUs, signal) {
  const marker = await markerBefore(startUs / 1e6, [...new Set(trace.spans.map((span) => span.service))]);
  if (!marker || signal.aborted) return;
  host.querySelector('.facts-line .id')?.before(h('span', { class: 'nowrap after-deploy' }, [ago(marker.start_time * 1e6, startUs).replace(/ ago$| ?now$/, ''), ' after '].join('').trimStart(), markerButton(marker)));
}
