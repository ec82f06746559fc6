// @ts-check
// Triggers in words, and what a form's answers make of a question.
import { label, specification } from './query.js';
import { lengthName } from './time.js';

/** Seconds between two askings. */
export const frequencies = [60, 300, 900, 3600, 86400];
export const comparisons = ['>', '>=', '<', '<='];

/** @param {any} trigger @returns {string} P95(duration_ms) > 500 by http.route */
export function conditionText(trigger) {
  const calculation = trigger.query.calculations?.[0] ?? { op: 'COUNT' }, by = trigger.query.breakdowns ?? [];
  return `${label(calculation)} ${trigger.threshold.op} ${trigger.threshold.value}${by.length ? ` by ${by.join(', ')}` : ''}`;
}

/** @param {any} trigger @returns {string} every 5 min, over the last 10 min */
export function rhythmText(trigger) {
  const times = trigger.threshold.exceeded_limit > 1 ? `, ${trigger.threshold.exceeded_limit} times in a row` : '';
  const week = /** @type {any} */ (Object.values(trigger.evaluation_schedule ?? {})[0]), when = week ? `, ${week.days_of_week.map((/** @type {string} */ d) => d.slice(0, 3)).join(' ')} ${week.start_time}–${week.end_time} UTC` : '';
  return `every ${lengthName(trigger.frequency)}, over the last ${lengthName(trigger.query.time_range ?? trigger.frequency)}${times}${when}`;
}

/** @param {import('./query.js').Query} query @returns {import('./query.js').Calculation[]} those that have one value */
export function comparable(query) {
  const found = query.calculations.filter((c) => c.op !== 'HEATMAP' && c.op !== 'CONCURRENCY' && !c.op.startsWith('RATE_'));
  return found.length ? found : [{ op: 'COUNT' }];
}

/**
 * What a trigger asks: the filters and groups of the page's query, one calculation, a time that ends now.
 * @param {import('./query.js').Query} query @param {import('./query.js').Calculation} calculation @param {number} seconds
 * @returns {Record<string, unknown>}
 */
export function questionOf(query, calculation, seconds) {
  const { calculations, filters, filter_combination, breakdowns, calculated_fields } = /** @type {any} */ (specification({ ...query, calculations: [calculation] }, { start: 0, end: 0 }));
  return { calculations, filters, filter_combination, breakdowns, ...(calculated_fields ? { calculated_fields } : {}), time_range: seconds };
}

/** @param {string} text a URL or an address @returns {object | null} a recipient of Honeycomb's API */
export function recipientOf(text) {
  const target = text.trim();
  if (/^https?:\/\/\S+$/i.test(target)) return { type: 'webhook', details: { webhook_name: target.replace(/^https?:\/\//i, '').slice(0, 120), webhook_url: target } };
  return /^[^\s@]+@[^\s@]+$/.test(target) ? { type: 'email', details: { email_address: target } } : null;
}
