// @ts-check
// Errors in Cairn's own API (docs/api.md): items, occurrences, and what people decide about them.
import { ask, get, post } from './http.js';

/** @typedef {{status?: string, level?: string, project?: string, environment?: string, owner?: string, query?: string, trace?: string, sort?: string, limit?: number, offset?: number,
 *   start?: number, end?: number, new?: boolean}} ItemSearch  start, end: happened in this time; new: and never before it */

/** @param {ItemSearch} search @param {AbortSignal} [signal] */
export function errorItems(search, signal) { return get('errors', { ...search }, signal); }
/** @param {{start: number, end: number}} time @param {AbortSignal} [signal] @returns {Promise<{deploys: any[]}>} of all projects, oldest first */
export function deploys(time, signal) { return get('deploys', { ...time }, signal); }
/** @param {string} id @param {AbortSignal} [signal] */
export function errorItem(id, signal) { return get(`errors/${encodeURIComponent(id)}`, {}, signal); }
/** @param {string} id @param {AbortSignal} [signal] */
export function errorWhy(id, signal) { return get(`errors/${encodeURIComponent(id)}/why`, {}, signal); }
/** @param {string} id @param {{limit?: number, after?: string}} page @param {AbortSignal} [signal] */
export function errorOccurrences(id, page, signal) { return get(`errors/${encodeURIComponent(id)}/occurrences`, { ...page }, signal); }
/** @param {string} id a number or a uuid @param {AbortSignal} [signal] */
export function occurrence(id, signal) { return get(`occurrences/${encodeURIComponent(id)}`, {}, signal); }
/** @param {number | string} id @param {object} change @returns {Promise<any>} */
export function changeItem(id, change) {
  return ask(`/api/cairn/errors/${encodeURIComponent(id)}`, { method: 'PATCH', body: JSON.stringify(change), headers: { 'Content-Type': 'application/json',
    Accept: 'application/json' } });
}
/** @param {number} id @param {number[]} others @returns {Promise<any>} the group */
export function mergeItems(id, others) { return post(`errors/${id}/merge`, { items: others }); }
/** @param {number | string} id @returns {Promise<any>} */
export function unmergeItem(id, part = {}) { return post(`errors/${encodeURIComponent(id)}/unmerge`, part); }
