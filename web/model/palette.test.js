// @ts-check
import { assignment } from './palette.js';
import { traceID } from './ids.js';
import { equal, test, truth } from './testing.js';

const shop = ['edge', 'checkout-api', 'payments', 'cart-api', 'catalog', 'inventory', 'pricing', 'auth', 'orders-db', 'shipping', 'search', 'notify'];

test('twelve services have twelve colours', () => { const p = assignment(); equal(new Set(shop.map(p.of)).size, 12); });
test('a service keeps its colour', () => { const p = assignment(); const first = shop.map(p.of); for (let i = 0; i < 40; i += 1) p.of(`other-${i}`);
  equal(shop.map(p.of), first); });
test('the same order gives the same colours', () => { const [a, b] = [assignment(), assignment()]; a.learn(shop); b.learn(shop);
  equal(shop.map(a.of), shop.map(b.of)); });
test('a thirteenth service shares with one only', () => { const p = assignment(); p.learn(shop);
  truth(p.of('one more') >= 1 && p.of('one more') <= 12); });
test('trace ids are known in both forms', () => {
  equal(traceID(' 7C4F09E1B2A84D5F93E6A17D20C8B54E '), { kind: 'W3C', id: '7c4f09e1b2a84d5f93e6a17d20c8b54e' });
  equal(traceID('1-7c4f09e1-b2a84d5f93e6a17d20c8b54e')?.kind, 'X-Ray');
  for (const text of ['', 'abc', '0'.repeat(32), 'g'.repeat(32), '1-7c4f09e1-b2a84d5f93e6a17d20c8b54'])equal(traceID(text), null);
});
