// @ts-check
// X-Ray's own operations, as its clients call them, for the page of sampling rules.
import { ask } from './http.js';

/** @param {string} operation its path @param {object} body @param {AbortSignal} [signal] @returns {Promise<any>} */
function call(operation, body, signal) {
  return ask(`/${operation}`, { method: 'POST', signal, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', Accept: 'application/json' } });
}

/** @param {string} operation @param {string} list the member with the page's items @param {AbortSignal} [signal] @returns {Promise<any[]>} all pages */
async function all(operation, list, signal) {
  const found = [];
  let token;
  do {
    const page = await call(operation, token ? { NextToken: token } : {}, signal);
    found.push(...page[list]);
    token = page.NextToken;
  } while (token);
  return found;
}

/** @param {AbortSignal} [signal] @returns {Promise<import('../model/sampling.js').Rule[]>} */
export async function samplingRules(signal) { return (await all('GetSamplingRules', 'SamplingRuleRecords', signal)).map((r) => r.SamplingRule); }
/** @param {AbortSignal} [signal] @returns {Promise<import('../model/sampling.js').Statistic[]>} */
export function samplingStatistics(signal) { return all('SamplingStatisticSummaries', 'SamplingStatisticSummaries', signal); }
/** @param {object} rule */
export function createSamplingRule(rule) { return call('CreateSamplingRule', { SamplingRule: rule }); }
/** @param {object} update */
export function updateSamplingRule(update) { return call('UpdateSamplingRule', { SamplingRuleUpdate: update }); }
/** @param {string} name */
export function deleteSamplingRule(name) { return call('DeleteSamplingRule', { RuleName: name }); }
