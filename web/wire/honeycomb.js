// @ts-check
// What the pages ask of Honeycomb's API.
import { ask } from './http.js';

/** @typedef {{id: string, start_time: number, end_time?: number, message?: string, type?: string, url?: string, color?: string}} Marker  Unix seconds */

/** @param {string} dataset or everything @param {AbortSignal} [signal] @returns {Promise<Marker[]>} */
export function markersOf(dataset, signal) {
  return ask(`/1/markers/${encodeURIComponent(dataset)}`, { signal, headers: { Accept: 'application/json' } });
}
