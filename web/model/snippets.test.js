// @ts-check
import { cloudWatch, dialable, helloTrace, highlight, honeycomb, otlpGRPC, otlpHTTP, rollbar } from './snippets.js';
import { equal, test, truth } from './testing.js';

test('an address that listens everywhere is dialled by the page’s host', () => equal(['0.0.0.0:4318', '[::]:4318', '127.0.0.1:4318',
  '10.1.2.3:99'].map((a) => dialable(a, 'box.local')), ['box.local:4318', 'box.local:4318', '127.0.0.1:4318', '10.1.2.3:99']));
test('every snippet names the real address', () => { for (const s of [...otlpHTTP('10.1.2.3:9999', true),
  ...otlpGRPC('10.1.2.3:9999', true), ...cloudWatch('10.1.2.3:9999', true),
  ...rollbar('10.1.2.3:9999', true), ...honeycomb('10.1.2.3:9999', true)]) truth(/10\.1\.2\.3(:|\n +port: )9999/.test(s.code), s.name); });
test('a key is told only where one is needed', () => { truth(!otlpHTTP('a:1', true)[0].code.includes('HEADERS'));
  truth(otlpHTTP('a:1', false)[0].code.includes('HEADERS')); });
test('colouring loses no character', () => { for (const s of [...otlpHTTP('a:1', false), ...otlpGRPC('a:1', true)]) equal(highlight(s.code,
  s.lang).map((p) => p.text).join(''), s.code); });
test('the first trace is two spans of one trace', () => { let n = 0; const { traceID, body } = /** @type {any} */ (helloTrace(1e12,
  () => String(n += 1).padStart(16, '0'))); const spans = body.resourceSpans[0].scopeSpans[0].spans;
  equal([spans.length, spans[0].traceId, spans[1].parentSpanId], [2, traceID, spans[0].spanId]); equal(traceID.length, 32); });
