// @ts-check
import { isUUID, needle, traceID, traceIn } from './ids.js';
import { equal, test } from './testing.js';

const id = '6b086deb736ed39451611fc0e197097f', xray = '1-6b086deb-736ed39451611fc0e197097f';

test('an id alone is a trace, nothing else is', () => {
  equal(traceID(` ${id.toUpperCase()} `)?.id, id);
  equal(traceID(xray)?.kind, 'X-Ray');
  equal(traceID('0'.repeat(32)), null);
  equal(traceID(id.slice(1)), null);
});

test('an id is found in what was pasted', () => {
  for (const text of [`00-${id}-1111111111111111-01`, `http://cairn/ui/trace/${id}?t=1h`, `{"trace_id":"${id}","level":"ERROR"}`, `trace=${id}`]) equal(traceIn(text)?.id, id);
  equal(traceIn(`Root=${xray};Parent=53995c3f42cd8ad8;Sampled=1`)?.id, xray);
  equal(traceIn(`f${id}`), null);
});

test('a pair is looked for by its value', () => {
  equal(needle('user_id=42'), '42');
  equal(needle('"request_id": "f5af",'), 'f5af');
  equal(needle('KeyError: \'missing\''), 'KeyError: \'missing\'');
  equal(needle('could not render: the timeline'), 'could not render: the timeline');
  equal(isUUID('f5af399a-5674-4de1-9d1f-0123456789ab'), true);
});
