// @ts-check
import { distance, missing, named, namedIn, near, renamed } from './columns.js';
import { defaultQuery } from './query.js';
import { equal, test } from './testing.js';

const columns = [{ name: 'http.route', events: 90 }, { name: 'http.target', events: 5 }, { name: 'duration_ms', events: 100 }, { name: 'service.name', events: 100 }, { name: 'user.id', events: 40 },
  { name: 'app.user_id', events: 3 }, { name: 'declared.only', events: 0 }, { name: 'is_slow', events: 0, expression: 'GT($duration_ms, 5)' }];

test('a formula names its columns, a text in it none', () => {
  equal(namedIn('IF(GT($duration_ms, 500), $"http.route", "costs $five") + $duration_ms'), ['duration_ms', 'http.route']);
  equal(namedIn('REG_MATCH($`a b`, `^\\$cart`) AND $http.route'), ['a b', 'http.route']);
});
test('each part of a question names columns', () => equal(named({ ...defaultQuery(), calculations: [{ op: 'COUNT' }, { op: 'P95', column: 'mine' }, { op: 'MAX', column: 'a' }],
  filters: [{ column: 'b', op: '!=', value: 1 }], breakdowns: ['c'], fields: [{ name: 'mine', expression: 'SUM($d)' }] }).map((n) => `${n.name} ${n.clause}`),
['a calculations[2]', 'b filters[0]', 'c breakdowns[0]', 'd calculated_fields[0]']));
test('what no event has is told once, with all its places', () => {
  const query = { ...defaultQuery(), filters: [{ column: 'htp.route', op: '!=', value: '/cart' }, { column: 'is_root', op: '=', value: true }], breakdowns: ['htp.route', 'declared.only', 'is_slow'] };
  equal(missing(query, columns).map((m) => [m.name, m.clauses, m.near]), [['htp.route', ['filters[0]', 'breakdowns[0]'], ['http.route']], ['declared.only', ['breakdowns[1]'], []]]);
  equal(missing(defaultQuery(), columns), []);
});
test('a slip, another spelling and the last word lead to a name', () => {
  equal(near('duratoin_ms', columns), ['duration_ms']);
  equal(near('httpRoute', columns), ['http.route']);
  equal(near('enduser.id', columns).includes('user.id'), true);
  equal(near('route', columns)[0], 'http.route');
  equal(near('zzz', columns), []);
  equal(near('servce.name', ['host.name', 'service.name', 'k8s.pod.name'].map((name) => ({ name, events: 1 }))), ['service.name']);
  equal(near('pod.name', ['service.name', 'k8s.pod.name'].map((name) => ({ name, events: 1 }))), ['k8s.pod.name', 'service.name']);
  equal([distance('abcd', 'abdc', 3), distance('abc', 'abc', 3), distance('abc', 'xyzw', 2) > 2], [1, 0, true]);
});
test('a name is changed wherever it stands', () => {
  const query = { ...defaultQuery(), calculations: [{ op: 'P95', column: 'x' }], filters: [{ column: 'x', op: 'exists' }], breakdowns: ['x', 'y'], orders: [{ label: 'P95(x)', descending: true }, { label: 'x', descending: false }],
    havings: [{ label: 'P95(x)', op: '>', value: 1 }], fields: [{ name: 'f', expression: 'MUL($x, 2, "$x")' }] };
  const next = renamed(query, 'x', 'z');
  equal([next.calculations[0].column, next.filters[0].column, next.breakdowns, next.orders.map((o) => o.label), next.havings[0].label, next.fields[0].expression],
    ['z', 'z', ['z', 'y'], ['P95(z)', 'z'], 'P95(z)', 'MUL($"z", 2, "$x")']);
});
test('a name in the filters of a calculation counts, and is changed there and in what follows from it', () => {
  const own = { op: 'COUNT', name: 'x', filters: [{ column: 'x', op: 'exists' }] }, query = { ...defaultQuery(), calculations: [own, { op: 'MAX', column: 'x' }], breakdowns: [], formulas: [{ name: 'f', expression: '$x / $"MAX(x)"' }] };
  equal(missing(query, [{ name: 'z', events: 1 }])[0], { name: 'x', clauses: ['calculations[0]', 'calculations[1]'], near: ['z'] });
  const next = renamed(query, 'x', 'z');
  equal([next.calculations, next.formulas], [[{ op: 'COUNT', name: 'x', filters: [{ column: 'z', op: 'exists' }] }, { op: 'MAX', column: 'z' }], [{ name: 'f', expression: '$x / $"MAX(z)"' }]]);
});
