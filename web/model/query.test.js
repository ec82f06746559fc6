// @ts-check
import { compareSeconds, defaultQuery, filterTexts, fromURL, label, narrowed, parseFilters, parseLabel, readValue, resultNames, specification, toURL, valueFilter,
  withFilter } from './query.js';
import { equal, seeded, test, truth } from './testing.js';

/** @param {any} query */
function through(query) {
  const params = new URLSearchParams();
  for (const [key, list] of Object.entries(toURL(query))) for (const item of list) params.append(key, item);
  return fromURL(new URLSearchParams(params.toString()));
}

test('every query survives the URL', () => {
  const next = seeded(3), odd = ['service.name', 'a b', 'x~y|z', 'ümläut ✓', 'a)b', '"quoted"', '<script>'];
  for (let i = 0; i < 200; i += 1) {
    const one = () => odd[Math.floor(next() * odd.length)];
    const query = { calculations: [{ op: 'COUNT' }, { op: 'P95', column: one() }, { op: 'COUNT', name: one() }, { op: 'MAX', column: one(), name: one(), filters: [{ column: one(), op: '=', value: one() },
      { column: one(), op: 'exists' }], ...(next() < 0.5 ? { any: true } : {}) }], filters: [{ column: one(), op: '=',
      value: next() < 0.3 ? Math.floor(next() * 100) : next() < 0.5 ? true : one() }, { column: one(), op: 'exists' },
      { column: one(), op: 'in', value: [1, 2] }],
      any: next() < 0.5, breakdowns: [one()], orders: [{ label: 'COUNT', descending: next() < 0.5 }], limit: 1 + Math.floor(next() * 999),
        havings: [{ label: one(), op: '>', value: 3.5 }], granularity: Math.floor(next() * 3) * 60, fields: [{ name: one(), expression: `IF($"${one()}", 1, 2)` }],
        formulas: [{ name: one(), expression: '$COUNT / 2' }], compare: next() < 0.3 ? '' : next() < 0.5 ? 'p' : '86400' };
    equal(through(query), query);
  }
});
test('labels are read as they are written', () => { for (const c of [{ op: 'COUNT' }, { op: 'P99', column: 'a(b)' },
  { op: 'HEATMAP', column: 'duration_ms' }, { op: 'COUNT', column: 'error' }]) equal(parseLabel(label(c)), c); });
test('what is no calculation is none', () => { for (const text of ['', 'FOO', 'P95', 'CONCURRENCY(x)', 'P95()', 'p95(x)']) equal(parseLabel(text), null);
  });
test('an empty URL is the default', () => equal(fromURL(new URLSearchParams()), defaultQuery()));
test('the default asks only for columns that exist', () => { const q = fromURL(new URLSearchParams(), new Set(['body']));
  equal([q.calculations, q.breakdowns], [[{ op: 'COUNT' }], []]); });
test('one service is grouped by name', () => equal(fromURL(new URLSearchParams({ f: '["service.name","=","api"]' })).breakdowns, ['name']));
test('broken filters are left out', () => equal(parseFilters(['[', '{}', '["a","nope",1]', '["a","=",1]', '[1,"=",1]']),
  [{ column: 'a', op: '=', value: 1 }]));
test('the specification is Honeycomb’s', () => {
  const spec = /** @type {any} */ (specification({ ...defaultQuery(), orders: [{ label: 'COUNT', descending: true },
    { label: 'gone', descending: true }], havings: [{ label: 'COUNT', op: '>', value: 2 }, { label: 'gone', op: '>', value: 2 }] }, { start: 1.5, end: 2.5 }));
  equal(spec.orders, [{ op: 'COUNT', order: 'descending' }]);
  equal([spec.start_time, spec.end_time, spec.filter_combination], [1, 3, 'AND']);
  equal(spec.havings, [{ calculate_op: 'COUNT', op: '>', value: 2 }]);
});
test('results are named as Honeycomb names them', () => {
  const failed = { op: 'COUNT', name: 'failed', filters: [{ column: 'error', op: 'exists' }, { column: 'status', op: '>=', value: 500 }], any: true };
  const query = { ...defaultQuery(), calculations: [{ op: 'COUNT' }, failed], formulas: [{ name: 'rate', expression: '$failed / $COUNT' }] };
  const spec = /** @type {any} */ (specification({ ...query, orders: [{ label: 'rate', descending: true }, { label: 'failed', descending: false }], havings: [{ label: 'rate', op: '>', value: 0.5 },
    { label: 'failed', op: '>', value: 1 }], compare: 'p' }, { start: 100.2, end: 3700.2 }));
  equal(spec.calculations, [{ op: 'COUNT' }, { op: 'COUNT', name: 'failed', filters: failed.filters, filter_combination: 'OR' }]);
  equal(spec.orders, [{ column: 'rate', order: 'descending' }, { op: 'COUNT', column: 'failed', order: 'ascending' }]);
  equal(spec.havings, [{ column: 'rate', op: '>', value: 0.5 }, { calculate_op: 'COUNT', column: 'failed', op: '>', value: 1 }]);
  equal([spec.formulas, spec.start_time, spec.end_time, spec.compare_time_offset_seconds], [query.formulas, 101, 3701, 3600]);
  equal(resultNames(query), ['rate', 'COUNT', 'failed']);
});
test('a time that is nearer than the question is long is not compared with', () => equal([compareSeconds({ ...defaultQuery(), compare: '3600' }, 7200), compareSeconds({ ...defaultQuery(), compare: '86400' }, 7200),
  compareSeconds({ ...defaultQuery(), compare: 'p' }, 7200), compareSeconds(defaultQuery(), 7200)], [0, 86400, 7200, 0]));
test('values take their column’s type', () => {
  equal([readValue('12', '=', 'integer'), readValue('1.5', '>', 'float'), readValue('x', '=', 'integer'), readValue('true', '=', 'boolean'),
    readValue('maybe', '=', 'boolean'), readValue('12', '=', 'string')], [12, 1.5, null, true, null, '12']);
  equal(readValue('1, 2', 'in', 'integer'), [1, 2]);
});
test('null is looked for as absence', () => { equal(valueFilter('a', null), { column: 'a', op: 'does-not-exist' });
  equal(valueFilter('a', 1, true), { column: 'a', op: '!=', value: 1 }); });
test('narrowing keeps what any-of meant', () => {
  const eq = (/** @type {string} */ column, /** @type {unknown} */ value) => ({ column, op: '=', value }), base = { ...defaultQuery(), any: true };
  equal(narrowed({ ...base, filters: [eq('a', 1), eq('a', 2)] }, eq('b', 3)).filters, [{ column: 'a', op: 'in', value: [1, 2] }, eq('b', 3)]);
  equal(narrowed({ ...base, filters: [eq('a', 1), eq('c', 2)] }, eq('b', 3)).filters, [eq('b', 3)]);
  equal(narrowed({ ...base, any: false, filters: [eq('a', 1)] }, eq('b', 3)).filters, [eq('a', 1), eq('b', 3)]);
});
test('a filter is added once', () => { const f = { column: 'a', op: '=', value: 1 }; truth(withFilter(withFilter([], f), f).length === 1);
  equal(filterTexts([f]), ['["a","=",1]']); });
