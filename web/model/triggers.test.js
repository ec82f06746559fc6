// @ts-check
import { defaultQuery } from './query.js';
import { equal, test } from './testing.js';
import { comparable, conditionText, questionOf, recipientOf, rhythmText } from './triggers.js';

const trigger = { query: { calculations: [{ op: 'P95', column: 'duration_ms' }], breakdowns: ['http.route'], time_range: 600 }, threshold: { op: '>', value: 500, exceeded_limit: 2 },
  frequency: 300, evaluation_schedule: { 'window': { days_of_week: ['monday', 'friday'], start_time: '09:00', end_time: '17:00' } } };

test('a trigger in words', () => { equal(conditionText(trigger), 'P95(duration_ms) > 500 by http.route');
  equal(rhythmText(trigger), 'every 5 min, over the last 10 min, 2 times in a row, mon fri 09:00–17:00 UTC'); });
test('heatmaps have no value to compare', () => { equal(comparable(defaultQuery()).map((c) => c.op), ['COUNT', 'P95']);
  equal(comparable({ ...defaultQuery(), calculations: [{ op: 'HEATMAP', column: 'a' }] }), [{ op: 'COUNT' }]); });
test('a trigger asks what the page asks', () => equal(questionOf({ ...defaultQuery(), filters: [{ column: 'a', op: '=', value: 1 }] }, { op: 'COUNT' }, 300),
  { calculations: [{ op: 'COUNT' }], filters: [{ column: 'a', op: '=', value: 1 }], filter_combination: 'AND', breakdowns: ['service.name'], time_range: 300 }));
test('recipients from what is typed', () => { equal(recipientOf(' https://hooks.example/x '), { type: 'webhook', details: { webhook_name: 'hooks.example/x', webhook_url: 'https://hooks.example/x' } });
  equal(recipientOf('a@b.c'), { type: 'email', details: { email_address: 'a@b.c' } });
  equal(recipientOf('nobody'), null); });
