// @ts-check
import { clock, iso, isPartial, knownShare, knownTime, lengthName, lengthText, parseRange, parseStamp, partialWords, rangeName, rangeText, resolve, shift, stamp, timeTicks, zoneName } from './time.js';
import { equal, test, truth } from './testing.js';

const now = 1795392000;

test('a relative range stays relative in the URL', () => { for (const text of ['5m', '15m', '1h', '6h', '7d', '90m',
  '45s']) equal(rangeText(parseRange(text)), text); });
test('24 h is told in hours', () => equal(lengthText(86400), '24h'));
test('an absolute range survives the URL with its fractions', () => equal(rangeText(parseRange('1795388400.5..1795392000.25')),
  '1795388400.5..1795392000.25'));
test('nonsense is the fallback', () => { for (const text of ['', 'x', '0h', '-1h', '5..4', '1..1', '99999w', '1h2',
  'NaN..NaN']) equal(parseRange(text), { seconds: 3600 }); });
test('resolve counts back from now', () => equal(resolve({ seconds: 60 }, now), { start: now - 60, end: now }));
test('earlier moves by one range', () => equal(shift({ seconds: 3600 }, -1, now), { start: now - 7200, end: now - 3600 }));
test('later than now does not exist', () => { equal(shift({ seconds: 3600 }, 1, now), { seconds: 3600 });
  equal(shift({ start: now - 100, end: now - 50 }, 1, now), { start: now - 50, end: now }); });
test('earlier and later come back', () => equal(shift({ start: now - 9000, end: now - 8000 }, 1, now), { start: now - 8000, end: now - 7000 }));
test('stamps are read as they are written', () => { const us = (now + 5) * 1e6; equal(parseStamp(stamp(us, true), true), now + 5);
  equal(parseStamp(stamp(us, false), false), now + 5); });
test('a time from elsewhere is read in the zone that it names, whatever the reader looks at', () => {
  for (const utc of [true, false]) {
    for (const text of ['2026-11-23T00:00:05Z', '2026-11-23T01:00:05+01:00', '2026-11-22 20:30:05-0330', '2026-11-23 00:00:05 UTC', '1795392005', '1795392005000', '1795392005000000', '1795392005000000000',
      ' 2026-11-23T00:00:05.000Z ', '2026-11-23T00:00:05,000Z']) equal(parseStamp(text, utc), now + 5);
  }
  equal(parseStamp('12345', true), null);
});
test('a time is copied as others read it', () => {
  equal(iso(now * 1e6 + 118000, true), '2026-11-23T00:00:00.118Z');
  equal(iso(now * 1e6 + 118007, true), '2026-11-23T00:00:00.118007Z');
  equal(Date.parse(iso(now * 1e6 + 118000, false)), now * 1000 + 118);
  equal(parseStamp(iso(now * 1e6 + 118000, false), true), now + 0.118);
});
test('a zone is told by how far it is from UTC', () => { equal(zoneName(now * 1e6, true), 'UTC'); truth(/^UTC[+-]\d+(:\d\d)?$/.test(zoneName(now * 1e6, false))); });
test('a day that does not exist is no time', () => { for (const text of ['2026-02-31 10:00', '2026-13-01', '2026-01-01 25:00', 'tomorrow',
  '']) equal(parseStamp(text, true), null); });
test('clock tells milliseconds', () => equal(clock(now * 1e6 + 118000, true, 'milli').slice(-4), '.118'));
test('lengths have names', () => { equal(lengthName(3600), '1 h'); equal(lengthName(5400), '90 min'); equal(lengthName(604800), '7 d');
  equal(lengthName(3601), '60 min'); });
test('a range has a name and a span', () => { const { name, span } = rangeName({ seconds: 3600 }, now, true); equal(name, 'Last 1 h');
  truth(span.endsWith('UTC')); });
test('ticks are round and fit', () => {
  for (const length of [10, 90, 3600, 86400, 604800, 8640000]) {
    const ticks = timeTicks(now * 1e6, (now + length) * 1e6, 6, true);
    truth(ticks.length >= 1 && ticks.length <= 8, `${length} s gives ${ticks.length} ticks`);
    truth(ticks.every((t) => t.us >= now * 1e6 && t.us <= (now + length) * 1e6), 'outside');
  }
});
test('a step that the range or the present cuts is known in part', () => {
  const steps = { startUs: 0, stepUs: 60e6, count: 4, ...knownTime({ start: 45, end: 230 }, 500) };
  equal([0, 1, 2, 3].map((i) => isPartial(steps, i)), [true, false, false, true]);
  equal(knownShare(steps, 0), 0.25);
  equal(partialWords(steps), 'first and last step not whole');
  equal(partialWords({ ...steps, ...knownTime({ start: 0, end: 240 }, 190) }), 'last step not whole');
  equal(partialWords({ ...steps, ...knownTime({ start: 1, end: 239 }, 500) }), '');
  equal(partialWords({ startUs: 0, stepUs: 60e6, count: 4 }), '');
  equal([-1, 4].map((i) => isPartial(steps, i)), [false, false]);
});
