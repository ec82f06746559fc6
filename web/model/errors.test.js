// @ts-check
import { curlOf, sourceLines, stackRows, telemetry, telling } from './errors.js';
import { equal, test } from './testing.js';

const frame = (/** @type {string} */ name, verdict = 'in-app', file = '/srv/a.py') => ({ file, function: name, verdict, index: 0, line: 1 });

test('a stack shows the latest call first and folds libraries', () => {
  const rows = stackRows([frame('a'), frame('b', 'library/runtime frame', '/x/site-packages/flask/app.py'), frame('c', 'library/runtime frame', '/x/site-packages/werkzeug/s.py'),
    frame('d')], false);
  equal(rows.map((r) => (r.kind === 'fold' ? `${r.frames.length} ${r.name}` : r.frame.function)), ['d', '2 of werkzeug, flask', 'a']);
});
test('source lines have their numbers', () => {
  equal(sourceLines({ lineno: 5, code: 'x', context: { pre: ['a', 'b'], post: ['c'] } }).map((l) => `${l.number}${l.text}${l.hit ? '!' : ''}`), ['3a', '4b', '5x!', '6c']);
  equal(sourceLines({ lineno: 5 }), []);
});
test('a request becomes curl without its secrets, safe for a shell', () => {
  equal(curlOf({ url: "http://x/a'b", method: 'POST', headers: { Authorization: 'x', 'X-A': '1', Host: 'h' }, body: { a: "it's" } }),
    `curl 'http://x/a'\\''b' -X 'POST' -H 'X-A: 1' --data-raw '{"a":"it'\\''s"}'`);
  equal(curlOf({}), '');
});
test('telemetry comes in order, in words', () => {
  equal(telemetry({ body: { telemetry: [{ type: 'log', timestamp_ms: 2, body: { message: 'b' } }, { type: 'network', timestamp_ms: 1, body: { method: 'GET', url: '/x', status_code: 500 } }] } })
    .map((e) => e.text), ['GET /x 500', 'b']);
  equal(telemetry({ body: { telemetry: { odd: 1 } } }), []);
});
test('the telling value is the one with the greater share', () => {
  equal(telling({ name: 'mode', values: [{ value: 'sync', selection: 9, baseline: 1 }, { value: 'async', selection: 1, baseline: 9 }] }, 10, 10),
    { name: 'mode', value: 'sync', mine: 0.9, other: 0.1 });
  equal(telling({ name: 'mode', values: [] }, 0, 10), null);
});
