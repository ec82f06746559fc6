// @ts-check
import { heat, linear, log, offsetTicks, roundUp } from './scales.js';
import { close, equal, test, truth } from './testing.js';

test('linear goes there and back', () => { const s = linear(10, 20, 100, 300); close(s.at(15), 200); close(s.back(s.at(12.3)), 12.3); });
test('log goes there and back', () => { const s = log(0.1, 1000, 400, 0); close(s.at(10), 200); close(s.back(s.at(7)), 7, 1e-9);
  equal(s.ticks.length, 5); });
test('a narrow log axis still has ticks', () => truth(log(120, 900, 100, 0).ticks.length >= 2));
test('tops are round', () => equal([0, 3.1, 97, 1180, 0.004].map((v) => roundUp(v)), [1, 4, 100, 1200, 0.004]));
test('heat is the square root of the share', () => equal([heat(0, 100), heat(1, 100), heat(25, 100), heat(100, 100)], [-1, 1, 5, 9]));
test('offset ticks are round', () => { equal(offsetTicks(3.42e9, 7), [0, 500e6, 1e9, 1.5e9, 2e9, 2.5e9, 3e9]); truth(offsetTicks(0, 5).length >= 1);
  });
