// @ts-check
// Objectives: read from Cairn's own API with how they stand, made and changed by Honeycomb's.
import { ask, get, post } from './http.js';

/** @typedef {{id: string, name: string, description: string, sli: {alias: string}, time_period_days: number, target_per_million: number, compliance: number,
 *   budget_remaining: number, dataset_slugs: string[]}} SLO */
/** @typedef {{id: string, alert_type: string, exhaustion_minutes?: number, budget_rate_window_minutes?: number, budget_rate_decrease_threshold_per_million?: number,
 *   description: string, triggered: boolean, recipients: {id: string, type: string, target: string}[]}} BurnAlert */
/** @typedef {[number, number]} Point  Unix microseconds, percent */
/** @typedef {{slo: SLO, good: number, bad: number, allowed: number, start_us: number, end_us: number, failure: string | null, missing: string[],
 *   alerts: {alert: BurnAlert, text: string}[], burn_down: Point[]}} Standing */
/** @typedef {Standing & {expression: string, datasets: string[], history: Point[]}} Detail */
/** @typedef {{id: string, alias: string, expression: string, description: string}} DerivedColumn */

const json = { 'Content-Type': 'application/json', Accept: 'application/json' };
const of = (/** @type {SLO} */ slo) => (slo.dataset_slugs.length === 1 ? encodeURIComponent(slo.dataset_slugs[0]) : '__all__');
const send = (/** @type {string} */ method, /** @type {string} */ path, /** @type {unknown} */ body) => ask(path, { method, body: body === undefined ? undefined : JSON.stringify(body), headers: json });

/** @param {AbortSignal} [signal] @returns {Promise<{slos: Standing[]}>} the least budget first */
export function slos(signal) { return get('slos', {}, signal); }
/** @param {string} id @param {AbortSignal} [signal] @returns {Promise<Detail>} */
export function slo(id, signal) { return get(`slos/${encodeURIComponent(id)}`, {}, signal); }
/** @param {string} dataset @param {string} expression @param {AbortSignal} [signal] @returns {Promise<{good: number, bad: number, uncounted: number}>} of the last day */
export function preview(dataset, expression, signal) { return post('slos/preview', { dataset, expression }, signal); }
/** @param {string} dataset @param {object} slo @returns {Promise<SLO>} */
export function createSLO(dataset, slo) { return send('POST', `/1/slos/${encodeURIComponent(dataset)}`, slo); }
/** @param {SLO} slo @param {object} change @returns {Promise<SLO>} */
export function changeSLO(slo, change) { return send('PUT', `/1/slos/${of(slo)}/${slo.id}`, change); }
/** @param {SLO} slo @returns {Promise<any>} */
export function deleteSLO(slo) { return send('DELETE', `/1/slos/${of(slo)}/${slo.id}`, undefined); }
/** @param {string} dataset @param {AbortSignal} [signal] @returns {Promise<DerivedColumn[]>} those of the dataset and of the environment */
export async function derivedColumns(dataset, signal) {
  const [own, wide] = await Promise.all([dataset, '__all__'].map((one) => ask(`/1/derived_columns/${encodeURIComponent(one)}`, { signal, headers: json })));
  return [...own, ...wide];
}
/** @param {string} dataset @param {object} column @returns {Promise<DerivedColumn>} */
export function createDerivedColumn(dataset, column) { return send('POST', `/1/derived_columns/${encodeURIComponent(dataset)}`, column); }
/** @param {SLO} slo @param {object} alert @returns {Promise<BurnAlert>} */
export function createBurnAlert(slo, alert) { return send('POST', `/1/burn_alerts/${of(slo)}`, { ...alert, slo: { id: slo.id } }); }
/** @param {SLO} slo @param {string} id @returns {Promise<any>} */
export function deleteBurnAlert(slo, id) { return send('DELETE', `/1/burn_alerts/${of(slo)}/${id}`, undefined); }
/** @param {SLO} slo @param {string} id @returns {Promise<{met: boolean, text: string, entries: any[]}>} */
export function testBurnAlert(slo, id) { return post(`slos/${slo.id}/alerts/${id}/test`, {}); }
/** @param {SLO} slo @param {string} id @returns {Promise<{entries: any[]}>} */
export function burnAlertHistory(slo, id) { return get(`slos/${slo.id}/alerts/${id}/history`); }
