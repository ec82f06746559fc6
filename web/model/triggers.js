// @ts-check
// Triggers in words, and what a form's answers make of a question.
import { namedIn } from './columns.js';
import { label, specification } from './query.js';
import { lengthName } from './time.js';

/** Seconds between two askings. */
export const frequencies = [60, 300, 900, 3600, 86400];
export const comparisons = ['>', '>=', '<', '<='];

/** @param {any} query of a trigger @returns {import('./query.js').Calculation} what is held against the threshold: the formula, or the calculation that no having is about */
export function watched(query) {
  const [formula] = query.formulas ?? [], all = query.calculations ?? [], havings = query.havings ?? [];
  if (formula) return { op: '', name: formula.name };
  const left = all.filter((/** @type {any} */ c) => !havings.some((/** @type {any} */ h) => (c.name ? h.column === c.name : h.calculate_op === c.op && h.column === c.column)));
  return (all.length > 1 ? left[0] : undefined) ?? all[0] ?? { op: 'COUNT' };
}

/** @param {any} trigger @returns {string} P95(duration_ms) > 500 by http.route, or change of COUNT in 24 h >= 50 % */
export function conditionText(trigger) {
  const by = trigger.query.breakdowns ?? [], base = trigger.baseline_details, what = label(watched(trigger.query));
  const measure = base ? `change of ${what} in ${lengthName(base.offset_minutes * 60)}` : what, unit = base?.type === 'percentage' ? ' %' : '';
  return `${measure} ${trigger.threshold.op} ${trigger.threshold.value}${unit}${by.length ? ` by ${by.join(', ')}` : ''}`;
}

/** @param {any} trigger @returns {string} every 5 min, over the last 10 min */
export function rhythmText(trigger) {
  const times = trigger.threshold.exceeded_limit > 1 ? `, ${trigger.threshold.exceeded_limit} times in a row` : '';
  const week = /** @type {any} */ (Object.values(trigger.evaluation_schedule ?? {})[0]), when = week ? `, ${week.days_of_week.map((/** @type {string} */ d) => d.slice(0, 3)).join(' ')} ${week.start_time}–${week.end_time} UTC` : '';
  return `every ${lengthName(trigger.frequency)}, over the last ${lengthName(trigger.query.time_range ?? trigger.frequency)}${times}${when}`;
}

const single = (/** @type {import('./query.js').Calculation} */ c) => c.op !== 'HEATMAP' && c.op !== 'CONCURRENCY' && !c.op.startsWith('RATE_');

/** @param {import('./query.js').Query} query @returns {string[]} what of it can be held against a threshold: formulas, and the calculations that have one value */
export function comparable(query) {
  const found = [...query.formulas.map((f) => f.name), ...query.calculations.filter(single).map(label)];
  return found.length ? found : ['COUNT'];
}

/**
 * What a trigger asks: the filters and groups of the page's query, one formula or one calculation, a time that ends now.
 * @param {import('./query.js').Query} query @param {string} name of the result @param {number} seconds
 * @returns {Record<string, unknown>}
 */
export function questionOf(query, name, seconds) {
  const formulas = query.formulas.filter((f) => f.name === name), named = new Set(formulas.flatMap((f) => namedIn(f.expression)));
  const wanted = query.calculations.filter((c) => (formulas.length ? named.has(label(c)) : label(c) === name));
  const asked = { ...query, formulas, calculations: wanted.length ? wanted : [{ op: 'COUNT' }], havings: [], compare: '' };
  const { calculations, filters, filter_combination, breakdowns, calculated_fields } = /** @type {any} */ (specification(asked, { start: 0, end: 0 }));
  return { calculations, ...(formulas.length ? { formulas } : {}), filters, filter_combination, breakdowns, ...(calculated_fields ? { calculated_fields } : {}), time_range: seconds };
}

/** Hosts of workflows of Microsoft Teams. */
const teams = /^https:\/\/[^/]+\.(logic\.azure\.com|powerplatform\.com)(:\d+)?\//i;

/** @param {{details: any}} recipient @returns {string} */
export function recipientName({ details }) { return details.webhook_name ?? details.email_address ?? details.pagerduty_integration_name; }

/** @param {string} text a URL, an address, or an integration key of PagerDuty @returns {object | null} a recipient of Honeycomb's API */
export function recipientOf(text) {
  const target = text.trim();
  if (/^https?:\/\/\S+$/i.test(target)) {
    return { type: teams.test(target) ? 'msteams_workflow' : 'webhook', details: { webhook_name: target.replace(/^https?:\/\//i, '').slice(0, 120), webhook_url: target } };
  }
  if (/^[0-9a-z]{32}$/i.test(target)) return { type: 'pagerduty', details: { pagerduty_integration_name: `PagerDuty …${target.slice(-4)}`, pagerduty_integration_key: target } };
  return /^[^\s@]+@[^\s@]+$/.test(target) ? { type: 'email', details: { email_address: target } } : null;
}
