// @ts-check
import { alertOf, badShares, chartRange, conditionText, health, minutesText, onlyWith, percentText, readTarget, roomText, targetText } from './slos.js';
import { equal, test } from './testing.js';

test('targets are read and told', () => {
  equal(targetText(999_000), '99.9 %');
  equal(targetText(999_999), '99.9999 %');
  equal(readTarget('99,95 %'), 999_500);
  equal(readTarget('100'), null);
  equal(readTarget(''), null);
  equal(readTarget('0'), 0);
});
test('a percentage is never rounded up to 100', () => {
  equal(percentText(99.9996), '99.999 %');
  equal(percentText(100), '100 %');
  equal(percentText(60), '60 %');
  equal(percentText(-12.34), '−12.4 %');
  equal(percentText(-79653.6), '−79,654 %');
});
test('what may still fail', () => {
  equal(roomText({ allowed: 31.9, bad: 10 }), '21 more of 31 may fail');
  equal(roomText({ allowed: 31.2, bad: 1640 }), '31 may fail, 1,640 did');
  equal(roomText({ allowed: 0.4, bad: 0 }), 'fewer than one event may fail');
  equal(roomText({ allowed: 0.4, bad: 3 }), 'none may fail, 3 did');
});
test('a formula that counts only what has its columns', () => {
  equal(onlyWith('LT($duration_ms, 500) ', ['duration_ms']), 'IF(EXISTS($duration_ms), LT($duration_ms, 500))');
  equal(onlyWith('$a < $"b c"', ['a', 'b c']), 'IF(AND(EXISTS($a), EXISTS($"b c")), $a < $"b c")');
});
test('a budget\'s health', () => { equal([80, 10, 0, -5].map(health), ['ok', 'warn', 'err', 'err']); });
test('conditions in words', () => {
  equal(minutesText(240), '4 hours');
  equal(minutesText(1440), '1 day');
  equal(conditionText({ alert_type: 'exhaustion_time', exhaustion_minutes: 240 }), 'the budget will be spent within 4 hours');
  equal(conditionText({ alert_type: 'exhaustion_time', exhaustion_minutes: 0 }), 'the budget is spent');
  equal(conditionText({ alert_type: 'budget_rate', budget_rate_window_minutes: 60, budget_rate_decrease_threshold_per_million: 50_000 }), '5 % of the budget is spent within 1 hour');
});
test('a form becomes a burn alert', () => {
  equal(alertOf({ type: 'exhaustion_time', hours: '4', percent: '' }), { alert: { alert_type: 'exhaustion_time', exhaustion_minutes: 240 } });
  equal(alertOf({ type: 'budget_rate', hours: '1', percent: '5 %' }), { alert: { alert_type: 'budget_rate', budget_rate_window_minutes: 60, budget_rate_decrease_threshold_per_million: 50_000 } });
  equal('trouble' in alertOf({ type: 'budget_rate', hours: '1', percent: '' }), true);
  equal('trouble' in alertOf({ type: 'exhaustion_time', hours: 'x', percent: '' }), true);
});
test('a chart shows the target and what is below it', () => {
  equal(chartRange([[0, 99.9], [1, 99.8]], 99.9).high, 100);
  equal(chartRange([[0, 99.9], [1, 99.8]], 99.9).low < 99.8, true);
  equal(chartRange([]).low < 100, true);
});
test('bad events are shares of the cells of all events', () => {
  const all = { start_us: 0, step_us: 10, scale: 'linear', edges: [0, 10, 20], counts: [[4, 2], [0, 4]] }, bad = { start_us: 10, step_us: 10, scale: 'linear', edges: [12, 14, 16], counts: [[1, 0]] };
  equal(badShares(/** @type {any} */ (all), /** @type {any} */ (bad)), [[0, 0], [0, 0.25]]);
  equal(badShares(/** @type {any} */ (all), /** @type {any} */ ({ ...bad, start_us: 500 })), [[0, 0], [0, 0]]);
});
