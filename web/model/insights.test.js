// @ts-check
import { chart, complete, fieldName, givenNames, level, patternCondition, pieces, problem, quoted, takeMarks, withMarks } from './insights.js';
import { equal, test } from './testing.js';

const language = { commands: ['fields', 'filter', 'stats', 'sort'], functions: ['strlen', 'bin'], statistics: ['count', 'pct'], fields: ['@message', 'status', 'user.name'] };
const offered = (/** @type {string} */ text) => complete(text, text.length, language).options.map((o) => o.text);

test('offers commands where one begins, and what fits behind it', () => {
  equal(offered(''), ['fields', 'filter', 'stats', 'sort']);
  equal(offered('fi'), ['fields', 'filter']);
  equal(offered('fields @message | s'), ['stats', 'sort']);
  equal(offered('stats co')[0], 'count(');
  equal(offered('filter sta'), ['status']);
  equal(offered('filter user.n'), ['user.name']);
  equal(offered('filter status = "x'), []);
  equal(offered('filter a like "|" and str'), ['strlen(']);
});

test('colours what it knows', () => {
  equal(pieces('filter a like /x y/ | limit 5 # why', language).filter((p) => p.kind).map((p) => `${p.kind}:${p.text}`),
    ['k:filter', 'k:like', 's:/x y/', 'n:5', 'c:# why']);
  equal(pieces('fields "a|b" as b', language).map((p) => p.text).join(''), 'fields "a|b" as b');
});

test('makes series of statistics over time', () => {
  const found = chart(['bin(5m)', 'level', 'count(*)'], [['2023-08-01 00:00:00.000', 'info', '3'], ['2023-08-01 00:10:00.000', 'info', '1'],
    ['2023-08-01 00:05:00.000', 'error', '2']]);
  equal(found && [found.count, found.stepUs, found.series.map((s) => [s.name, s.values])],
    [3, 300e6, [['info', [3, null, 1]], ['error', [null, 2, null]]]]);
  equal(chart(['bin(5m)', 'level', 'count(*)'], [['2023-08-01 00:00:00.000', null, '3'], ['2023-08-01 00:05:00.000', null, '1']])?.series, [{ name: '(none)', values: [3, 1] }]);
  equal(chart(['bin(5m)', 'status', 'count(*)'], [['2023-08-01 00:00:00.000', '200', '3'], ['2023-08-01 00:05:00.000', '500', '1']])?.series.map((line) => line.name), ['200', '500']);
  equal(chart(['@log', 'max(@timestamp)', 'count(*)'], [['a', '2023-08-01 00:00:00.000', '3'], ['b', '2023-08-01 00:05:00.000', '1']]), null); // times that were worked out are no axis
  equal(chart(['level', 'count(*)'], [['info', '3'], ['warn', '1']]), null);
  // A name that the query gives is counted, and no group, though a function's comes after it.
  const rows = [['2023-08-01 00:00:00.000', 'info', '3', '9'], ['2023-08-01 00:05:00.000', 'info', '1', '8']], columns = ['bin(5m)', 'level', 'n', 'pct(ms, 50)'];
  const named = givenNames('filter a = "as b" | stats count(*) as n, max(ms) AS `the most`, pct(ms, 50) by bin(5m), lower(x) as y | sort n');
  equal(named, ['n', 'the most']);
  equal(chart(columns, rows, '', named)?.series, [{ name: 'info', values: [3, 1] }]);
  equal(chart(['bin(1m)', 'a', 'b'], [['2023-08-01 00:00:00.000', '1', '2'], ['2023-08-01 00:01:00.000', '3', '4']], 'b')?.series[0].values, [2, 4]);
});

test('writes conditions that the language reads', () => {
  equal(quoted('a "b" \\'), '"a \\"b\\" \\\\"');
  equal([fieldName('user.name'), fieldName('odd name'), fieldName('@message')], ['user.name', '`odd name`', '@message']);
  equal(patternCondition('took <*> ms (a/b)'), '@message like /took +.+ +ms +\\(a\\/b\\)/');
});

test('reads how grave a line is', () => {
  equal([level({ severity: 'ERROR' }), level({ level: 'warning' }), level({ body: '[INFO] x' }), level({ body: 'plain' }), level({ body: '{"level": "debug"}' }),
    level({ body: 'x\nTraceback (most recent call last):\n  File' })], ['E', 'W', 'I', '', 'D', 'E']);
});

test('a refusal has its place and what was meant', () => {
  const words = { commands: ['fields', 'stats', 'sort'], functions: ['strlen'], statistics: ['avg', 'count'], fields: [] };
  equal(problem("unknown command 'stat': (29-33)", words), { from: 29, to: 33, text: "unknown command 'stat'", instead: 'stats' });
  equal(problem("unknown function 'avrg': (6-10)", words)?.instead, 'avg');
  equal(problem("unknown function 'zebra': (6-10)", words)?.instead, '');
  equal(problem('expected a field and found the end of the query: (35-35)', words)?.from, 35);
  equal(problem('The query is Cancelled.', words), null);
});

test('lines as they are bring their level and their trace', () => {
  const plain = 'filter @message like "a | b" | fields @timestamp, @message | sort @timestamp desc | limit 200';
  equal(withMarks(plain), `${plain} | fields severity, trace.trace_id`);
  for (const other of ['stats count(*) by bin(5m)', 'fields @timestamp, @message, host | limit 5', 'fields @timestamp, @message | parse @message "*" as a']) equal(withMarks(other), other);
  const taken = takeMarks({ columns: ['@timestamp', '@message', 'severity', 'trace.trace_id'], rows: [['1', 'x', 'warn', null]] });
  equal(taken, { columns: ['@timestamp', '@message'], rows: [['1', 'x']], marks: [{ severity: 'warn', trace: null }] });
});
