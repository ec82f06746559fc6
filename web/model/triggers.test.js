// @ts-check
import { defaultQuery } from './query.js';
import { equal, test } from './testing.js';
import { comparable, conditionText, questionOf, recipientName, recipientOf, rhythmText, watched } from './triggers.js';

const trigger = { query: { calculations: [{ op: 'P95', column: 'duration_ms' }], breakdowns: ['http.route'], time_range: 600 }, threshold: { op: '>', value: 500, exceeded_limit: 2 },
  frequency: 300, evaluation_schedule: { 'window': { days_of_week: ['monday', 'friday'], start_time: '09:00', end_time: '17:00' } } };

test('a trigger in words', () => { equal(conditionText(trigger), 'P95(duration_ms) > 500 by http.route');
  equal(conditionText({ ...trigger, baseline_details: { type: 'percentage', offset_minutes: 1440 } }), 'change of P95(duration_ms) in 24 h > 500 % by http.route');
  equal(rhythmText(trigger), 'every 5 min, over the last 10 min, 2 times in a row, mon fri 09:00–17:00 UTC'); });
test('heatmaps have no value to compare', () => { equal(comparable(defaultQuery()), ['COUNT', 'P95(duration_ms)']);
  equal(comparable({ ...defaultQuery(), calculations: [{ op: 'HEATMAP', column: 'a' }] }), ['COUNT']); });
test('a trigger asks what the page asks', () => equal(questionOf({ ...defaultQuery(), filters: [{ column: 'a', op: '=', value: 1 }] }, 'COUNT', 300),
  { calculations: [{ op: 'COUNT' }], filters: [{ column: 'a', op: '=', value: 1 }], filter_combination: 'AND', breakdowns: ['service.name'], time_range: 300 }));
test('a formula takes along the calculations that it names', () => {
  const failed = { op: 'COUNT', name: 'failed', filters: [{ column: 'error', op: 'exists' }] }, query = { ...defaultQuery(), calculations: [{ op: 'HEATMAP', column: 'a' }, { op: 'COUNT' }, failed], formulas: [{ name: 'rate', expression: '$failed / $COUNT' }] };
  equal(comparable(query), ['rate', 'COUNT', 'failed']);
  const asked = /** @type {any} */ (questionOf(query, 'rate', 300));
  equal([asked.calculations, asked.formulas], [[{ op: 'COUNT' }, failed], query.formulas]);
  equal([questionOf(query, 'failed', 300).calculations, questionOf(query, 'failed', 300).formulas], [[failed], undefined]);
  equal([watched(asked).name, watched({ calculations: [{ op: 'COUNT' }, failed], havings: [{ calculate_op: 'COUNT' }] }).name, watched({}).op], ['rate', 'failed', 'COUNT']);
});
test('recipients from what is typed', () => { equal(recipientOf(' https://hooks.example/x '), { type: 'webhook', details: { webhook_name: 'hooks.example/x', webhook_url: 'https://hooks.example/x' } });
  equal(recipientOf('a@b.c'), { type: 'email', details: { email_address: 'a@b.c' } });
  equal(recipientOf('https://prod-1.westus.logic.azure.com:443/workflows/1'), { type: 'msteams_workflow', details: { webhook_name: 'prod-1.westus.logic.azure.com:443/workflows/1', webhook_url: 'https://prod-1.westus.logic.azure.com:443/workflows/1' } });
  equal(recipientOf('cd6e8de3c857aefc950e0d5ebcb79ac2'), { type: 'pagerduty', details: { pagerduty_integration_name: 'PagerDuty …9ac2', pagerduty_integration_key: 'cd6e8de3c857aefc950e0d5ebcb79ac2' } });
  equal(recipientName({ details: { pagerduty_integration_name: 'shop' } }), 'shop');
  equal(recipientOf('nobody'), null); });
