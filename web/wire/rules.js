// @ts-check
// Notification rules in Cairn's own API (docs/api.md), their test and what came of their deliveries.
import { ask, get, post } from './http.js';

const json = { 'Content-Type': 'application/json', Accept: 'application/json' };

/** @param {AbortSignal} [signal] @returns {Promise<any>} rules, projects, and what a rule may say */
export function notificationRules(signal) { return get('rules', {}, signal); }
/** @param {object} rule @returns {Promise<any>} */
export function createRule(rule) { return post('rules', rule); }
/** @param {number} id @param {object} rule @returns {Promise<any>} */
export function updateRule(id, rule) { return ask(`/api/cairn/rules/${id}`, { method: 'PUT', body: JSON.stringify(rule), headers: json }); }
/** @param {number} id @returns {Promise<any>} */
export function deleteRule(id) { return ask(`/api/cairn/rules/${id}`, { method: 'DELETE', headers: json }); }
/** @param {number} id @returns {Promise<any>} the try */
export function testRule(id) { return post(`rules/${id}/test`, {}); }
/** @param {number} id @param {AbortSignal} [signal] @returns {Promise<any>} */
export function ruleHistory(id, signal) { return get(`rules/${id}/history`, {}, signal); }
