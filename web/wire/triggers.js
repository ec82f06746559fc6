// @ts-check
// Triggers: read from Cairn's own API with what their last asking said, made and changed by Honeycomb's.
import { ask, get, post } from './http.js';

/** @typedef {{id: string, dataset_slug: string, name: string, description: string, query: any, threshold: {op: string, value: number, exceeded_limit: number},
 *   frequency: number, alert_type: string, disabled: boolean, triggered: boolean, recipients: {id: string, type: string, target: string}[],
 *   evaluation_schedule_type: string, evaluation_schedule?: any}} Trigger */
/** @typedef {{trigger: Trigger, asked_us: number | null, text: string, value: number | null, failure: string | null, explore: string}} Standing */
/** @typedef {{id: string, type: string, details: any}} Recipient */

const json = { 'Content-Type': 'application/json', Accept: 'application/json' };
const place = (/** @type {Trigger} */ trigger) => `/1/triggers/${encodeURIComponent(trigger.dataset_slug)}/${trigger.id}`;

/** @param {AbortSignal} [signal] @returns {Promise<{triggers: Standing[], mail: boolean}>} */
export function triggers(signal) { return get('triggers', {}, signal); }
/** @param {string} dataset @param {object} trigger @returns {Promise<Trigger>} */
export function createTrigger(dataset, trigger) { return ask(`/1/triggers/${encodeURIComponent(dataset)}`, { method: 'POST', body: JSON.stringify(trigger), headers: json }); }
/** @param {Trigger} trigger @param {object} change @returns {Promise<Trigger>} */
export function changeTrigger(trigger, change) { return ask(place(trigger), { method: 'PUT', body: JSON.stringify(change), headers: json }); }
/** @param {Trigger} trigger @returns {Promise<any>} */
export function deleteTrigger(trigger) { return ask(place(trigger), { method: 'DELETE', headers: json }); }
/** @param {string} id @returns {Promise<{met: boolean, text: string, entries: any[]}>} */
export function testTrigger(id) { return post(`triggers/${id}/test`, {}); }
/** @param {string} id @returns {Promise<{entries: any[]}>} */
export function triggerHistory(id) { return get(`triggers/${id}/history`); }
/** @param {AbortSignal} [signal] @returns {Promise<Recipient[]>} */
export function recipients(signal) { return ask('/1/recipients', { signal, headers: json }); }
/** @param {object} recipient @returns {Promise<Recipient>} */
export function createRecipient(recipient) { return ask('/1/recipients', { method: 'POST', body: JSON.stringify(recipient), headers: json }); }
