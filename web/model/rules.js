// @ts-check
// Notification rules as people read them.

/** @typedef {{type: string, operation?: string, value?: string, period?: number, count?: number}} RuleFilter */
/** @typedef {{id: number, project: string, channel: string, trigger: string, status: string, target: string[], filters: RuleFilter[], delivered: number, last?: any}} Rule */

export const triggers = /** @type {Record<string, string>} */ ({ new_item: 'A new item', occurrence: 'Every occurrence', exp_repeat_item: 'The 10th, 100th, 1000th … occurrence',
  occurrence_rate: 'Many occurrences in a while', reactivated_item: 'A resolved item comes back', reopened_item: 'An item is reopened', resolved_item: 'An item is resolved', deploy: 'A deploy' });
export const channels = /** @type {Record<string, string>} */ ({ webhook: 'Webhook', slack: 'Slack', email: 'Mail', pagerduty: 'PagerDuty' });
export const filterNames = /** @type {Record<string, string>} */ ({ environment: 'environment', level: 'level', title: 'title', context: 'route', framework: 'framework', class: 'class',
  unique_occurrences: 'addresses', rate: 'rate' });
export const operations = /** @type {Record<string, string>} */ ({ eq: 'is', neq: 'is not', gte: 'at least', lte: 'at most', within: 'contains', nwithin: 'does not contain', startswith: 'begins with' });
export const periods = /** @type {Record<number, string>} */ ({ 60: '1 minute', 300: '5 minutes', 1800: '30 minutes', 3600: '1 hour', 86400: '1 day' });

/** @param {RuleFilter} filter @returns {string} */
export function filterText(filter) {
  if (filter.type === 'rate') return `${filter.count} in ${periods[filter.period ?? 0] ?? `${filter.period} s`}`;
  return `${filterNames[filter.type] ?? filter.type} ${operations[filter.operation ?? 'eq'] ?? filter.operation} ${filter.value}`;
}

/** @param {Rule} rule @returns {{word: string, kind: '' | 'ok' | 'err' | 'warn'}} what came of the last delivery */
export function standing(rule) {
  if (rule.status !== 'enabled') return { word: 'off', kind: '' };
  if (!rule.last) return { word: 'nothing sent yet', kind: '' };
  if (rule.last.delivered) return { word: 'delivered', kind: 'ok' };
  if (rule.last.attempt === 0) return { word: 'held back', kind: '' };
  return rule.last.final ? { word: 'failed', kind: 'err' } : { word: 'will be tried again', kind: 'warn' };
}

/** @param {Record<string, string>} form a form's values, filters by `type0 operation0 value0 …` @param {number} filterCount @returns {object} a rule for the wire */
export function ruleOf(form, filterCount) {
  const filters = [];
  for (let i = 0; i < filterCount; i += 1) {
    if (form[`type${i}`] && form[`value${i}`]) filters.push({ type: form[`type${i}`], operation: form[`operation${i}`], value: form[`value${i}`] });
  }
  if (form.trigger === 'occurrence_rate') filters.push({ type: 'rate', period: Number(form.period), count: Number(form.count) });
  const targets = form.target.split(/[\s,]+/).filter(Boolean);
  return { project: form.project, channel: form.channel, trigger: form.trigger, status: form.enabled ? 'enabled' : 'disabled',
    config: form.channel === 'email' ? { to: targets } : form.channel === 'pagerduty' ? { service_key: targets[0] ?? '' } : { url: targets[0] ?? '' }, filters };
}

/** @param {Rule} rule @returns {string} where it goes; of a key only its end */
export function targetText(rule) { return rule.channel === 'pagerduty' ? rule.target.map((key) => `key …${key.slice(-4)}`).join() : rule.target.join(', '); }

/** @param {string} channel @param {boolean} canMail @returns {string} what to write under To */
export function targetHint(channel, canMail) {
  if (channel === 'email') return canMail ? 'addresses, with commas between them' : 'no mail relay is configured: set smtp';
  if (channel === 'pagerduty') return 'a service’s integration key (Events API v2); a rule for resolved items ends the incidents';
  return 'https:// or http://; inside this network only where webhook_hosts says so';
}
