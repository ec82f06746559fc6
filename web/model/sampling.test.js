// @ts-check
import { byPriority, ruleChanges, trends } from './sampling.js';
import { equal, test } from './testing.js';

/** @type {any} */
const rule = { RuleName: 'a', Priority: 5, FixedRate: 0.1, ReservoirSize: 1, Host: '*', Version: 1 };

test('rules are tried by priority, then by name', () => {
  equal(byPriority([{ ...rule, RuleName: 'z', Priority: 1 }, { ...rule, RuleName: 'c' }, { ...rule, RuleName: 'b' }]).map((r) => r.RuleName), ['z', 'b', 'c']);
});

test('reports of one rule and window are added, older ones left out', () => {
  const entry = { RuleName: 'a', RequestCount: 10, BorrowCount: 1, SampledCount: 2 };
  const found = trends([{ ...entry, Timestamp: 1000 }, { ...entry, Timestamp: 1003 }, { ...entry, Timestamp: 100 }], 1005).get('a');
  equal([found?.requestCount, found?.keptCount, found?.requests.at(-1)], [20, 6, 20]);
});

test('an update says only what differs', () => {
  equal(ruleChanges(rule, { ...rule, FixedRate: 0.2 }), { RuleName: 'a', FixedRate: 0.2 });
});
