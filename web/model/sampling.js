// @ts-check
// Sampling rules and what clients report of them, as the page shows them.

/**
 * @typedef {{RuleName: string, RuleARN?: string, ResourceARN: string, Priority: number, FixedRate: number, ReservoirSize: number, ServiceName: string,
 *   ServiceType: string, Host: string, HTTPMethod: string, URLPath: string, Version: number,
 *   SamplingRateBoost?: {MaxRate: number, CooldownWindowMinutes: number}}} Rule
 * @typedef {{RuleName: string, Timestamp: number, RequestCount: number, BorrowCount: number, SampledCount: number}} Statistic  Timestamp in Unix seconds
 * @typedef {{requests: number[], kept: number[], requestCount: number, keptCount: number}} Trend  one entry a window, oldest first
 */

const windowSeconds = 10, windowCount = 60;

/** @param {Rule[]} rules @returns {Rule[]} in the order in which clients try them */
export function byPriority(rules) {
  return [...rules].sort((a, b) => a.Priority - b.Priority || (a.RuleName < b.RuleName ? -1 : 1));
}

/** @param {Statistic[]} statistics @param {number} now Unix seconds @returns {Map<string, Trend>} the last ten minutes by rule */
export function trends(statistics, now) {
  const first = Math.floor(now / windowSeconds) - windowCount + 1;
  /** @type {Map<string, Trend>} */
  const found = new Map();
  for (const entry of statistics) {
    const at = Math.floor(entry.Timestamp / windowSeconds) - first;
    if (at < 0 || at >= windowCount) continue;
    const trend = found.get(entry.RuleName) ?? { requests: Array(windowCount).fill(0), kept: Array(windowCount).fill(0), requestCount: 0, keptCount: 0 };
    const kept = entry.SampledCount + entry.BorrowCount;
    trend.requests[at] += entry.RequestCount;
    trend.kept[at] += kept;
    trend.requestCount += entry.RequestCount;
    trend.keptCount += kept;
    found.set(entry.RuleName, trend);
  }
  return found;
}

/** @param {Rule} rule @param {Rule} changed @returns {Partial<Rule>} what an update must say: the name, and what differs */
export function ruleChanges(rule, changed) {
  /** @type {any} */
  const update = { RuleName: rule.RuleName };
  for (const [key, value] of Object.entries(changed)) {
    if (key !== 'RuleName' && key !== 'Version' && value !== /** @type {any} */ (rule)[key]) update[key] = value;
  }
  return update;
}
