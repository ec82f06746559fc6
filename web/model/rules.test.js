// @ts-check
import { equal, test } from './testing.js';
import { filterText, ruleOf, standing, targetText } from './rules.js';

test('filters read as sentences', () => {
  equal(filterText({ type: 'level', operation: 'gte', value: 'error' }), 'level at least error');
  equal(filterText({ type: 'rate', period: 300, count: 20 }), '20 in 5 minutes');
});

test('a form becomes a rule, without what is empty', () => {
  const form = { project: 'shop', channel: 'webhook', trigger: 'occurrence_rate', enabled: 'on', target: ' https://x.example/ ', period: '60', count: '5',
    type0: 'title', operation0: 'within', value0: 'lost', type1: 'level', operation1: 'gte', value1: '' };
  equal(JSON.stringify(ruleOf(form, 2)), JSON.stringify({ project: 'shop', channel: 'webhook', trigger: 'occurrence_rate', status: 'enabled',
    config: { url: 'https://x.example/' }, filters: [{ type: 'title', operation: 'within', value: 'lost' }, { type: 'rate', period: 60, count: 5 }] }));
  equal(JSON.stringify(ruleOf({ project: 'shop', channel: 'email', trigger: 'deploy', target: 'a@b, c@d' }, 0)), JSON.stringify({ project: 'shop', channel: 'email', trigger: 'deploy',
    status: 'disabled', config: { to: ['a@b', 'c@d'] }, filters: [] }));
});

test('a rule says how its last delivery went', () => {
  const rule = /** @type {any} */ ({ status: 'enabled' });
  equal(standing(rule).word, 'nothing sent yet');
  equal(standing({ ...rule, last: { delivered: false, attempt: 2, final: false } }).kind, 'warn');
  equal(standing({ ...rule, status: 'disabled' }).word, 'off');
});

test('a key of PagerDuty', () => {
  equal(JSON.stringify(ruleOf({ project: 'shop', channel: 'pagerduty', trigger: 'new_item', target: ' cd6e8de3c857aefc950e0d5ebcb79ac2 ', enabled: 'on' }, 0)),
    JSON.stringify({ project: 'shop', channel: 'pagerduty', trigger: 'new_item', status: 'enabled', config: { service_key: 'cd6e8de3c857aefc950e0d5ebcb79ac2' }, filters: [] }));
  equal(targetText(/** @type {any} */ ({ channel: 'pagerduty', target: ['cd6e8de3c857aefc950e0d5ebcb79ac2'] })), 'key …9ac2');
});
