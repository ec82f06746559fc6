// @ts-check
import { ago, bytes, columnUnit, digits, duration, durationText, durationTick, figure, percent, plural, rate, short, times } from './format.js';
import { equal, test } from './testing.js';

test('durations choose their unit', () => equal([0, 0.0000005, 0.00042, 0.5, 1, 12.34, 214, 3420, 150000, 7200000].map((ms) => durationText(ms)),
  ['0 ns', '1 ns', '420 ns', '500 µs', '1.0 ms', '12.3 ms', '214 ms', '3.42 s', '2.5 min', '2.00 h']));
test('unknown is no zero', () => { equal(duration(null), ['–', '']); equal(percent(undefined), ['–', '']); equal(figure(null), ['–', '']); });
test('ticks have no needless decimals', () => equal([0, 0.5, 10, 1500, 60000, 120000].map(durationTick),
  ['0', '500 µs', '10 ms', '1.5 s', '60 s', '2 min']));
test('shares near the ends are not rounded to them', () => equal([0, 0.00001, 0.0123, 0.5, 0.999, 1].map((p) => percent(p).join(' ')),
  ['0 %', '< 0.01 %', '1.2 %', '50 %', '> 99 %', '100 %']));
test('large numbers are short', () => equal([999, 9999, 12345, 1234567, 5e9].map(short), ['999', '9,999', '12.3 k', '1.23 M', '5 G']));
test('three digits matter', () => equal([0, 0.1234, 1.005, 12.34, 123.4].map(digits), ['0', '0.123', '1', '12.3', '123']));
test('rates choose their unit', () => equal([0, 0.0003, 0.01, 0.5, 184].map((r) => rate(r).join('')), ['0/s', '1.1/h', '0.6/min', '0.5/s', '184/s']));
test('great changes are factors', () => equal([0.001, 0.5, -0.25, 3.1].map((c) => times(c).join(' ').trim()), ['0 %', '+50 %', '−25 %', '× 4.1']));
test('names tell units', () => { equal(columnUnit('duration_ms'), 'ms'); equal(columnUnit('http.body_bytes'), 'bytes');
  equal(columnUnit('forms'), ''); });
test('plural and age', () => { equal(plural(1, 'span'), '1 span'); equal(plural(2000, 'span'), '2,000 spans'); equal(ago(0, 90e6), '1 min ago');
  equal(ago(5, 6), 'now'); });
test('bytes step by thousands', () => equal(bytes(12345678).join(' '), '12.3 MB'));
