// @ts-check
import { boxText, countInside, gripAt, parseBox, peak, pull, valueRange } from './heatbox.js';
import { equal, seeded, test, truth } from './testing.js';

const map = { start_us: 0, step_us: 1e6, scale: 'log', edges: [1, 10, 100, 1000], counts: [[0, 2, 0], [0, 3, 4], [0, 0, 0]] };
const limit = { x: 0, y: 0, w: 100, h: 100 };

test('a box survives the URL', () => { const box = { column: 'a|b', min: 1.5, max: 900, start: 1795392000.25, end: 1795392060 };
  equal(parseBox(boxText(box)), box); });
test('what is no box is none', () => { for (const text of ['', 'a', 'a|1|2|3', 'a|2|1|3|4', '|1|2|3|4', 'a|x|2|3|4']) equal(parseBox(text), null); });
test('counts inside are those of middles inside', () => equal(countInside(map, { column: 'x', min: 10, max: 100, start: 0, end: 2 }), 5));
test('peak and range', () => { equal(peak(map), 4); equal(valueRange(map), { low: 1, high: 1000 });
  equal(valueRange({ ...map, counts: [[0, 0, 0]] }), null); });
test('corners, edges and inside have their grips', () => { const r = { x: 20, y: 20, w: 40, h: 40 };
  equal([gripAt(r, 20, 20), gripAt(r, 60, 60), gripAt(r, 40, 20), gripAt(r, 40, 40), gripAt(r, 90, 90), gripAt(null, 1, 1)],
  ['nw', 'se', 'n', 'move', 'new', 'new']); });
test('a pulled box stays within its limits', () => {
  const next = seeded(5), grips = /** @type {const} */ (['move', 'n', 's', 'e', 'w', 'ne', 'nw', 'se', 'sw']);
  let r = { x: 10, y: 10, w: 30, h: 30 };
  for (let i = 0; i < 500; i += 1) {
    r = pull(r, grips[Math.floor(next() * grips.length)], next() * 160 - 80, next() * 160 - 80, limit);
    truth(r.x >= 0 && r.y >= 0 && r.w >= 2 && r.h >= 2 && r.x <= 100 && r.y <= 100, JSON.stringify(r));
    r = { x: Math.min(r.x, 90), y: Math.min(r.y, 90), w: Math.min(r.w, 100 - Math.min(r.x, 90)), h: Math.min(r.h, 100 - Math.min(r.y, 90)) };
  }
});
test('moving keeps the size', () => { const r = pull({ x: 50, y: 50, w: 20, h: 10 }, 'move', 500, -500, limit);
  equal(r, { x: 80, y: 0, w: 20, h: 10 }); });
