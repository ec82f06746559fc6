// @ts-check
// The box on a heatmap: in the data's terms, so that it survives resizing and goes into the URL.

/** @typedef {{column: string, min: number, max: number, start: number, end: number}} Box  time in Unix seconds */
/** @typedef {{start_us: number, step_us: number, scale: string, edges: number[], counts: number[][]}} Heatmap */
/** @typedef {'n' | 's' | 'e' | 'w' | 'ne' | 'nw' | 'se' | 'sw' | 'move' | 'new'} Grip */

/** @param {string | null} text @returns {Box | null} */
export function parseBox(text) {
  const parts = (text ?? '').split('|');
  if (parts.length < 5) return null;
  const [end, start, max, min] = parts.splice(-4).reverse().map(Number);
  const box = { column: parts.join('|'), min, max, start, end };
  return box.column && [min, max, start, end].every(Number.isFinite) && max > min && end > start ? box : null;
}

/** @param {Box} box @returns {string} */
export function boxText(box) {
  return [box.column, ...[box.min, box.max].map((v) => Number(v.toPrecision(6))), ...[box.start,
    box.end].map((v) => Math.round(v * 1000) / 1000)].join('|');
}

/** @param {Heatmap} map @param {Box} box @returns {number} events of the cells whose middle is inside */
export function countInside(map, box) {
  return countsInside(map, box).reduce((sum, count) => sum + count, 0);
}

/** @param {Heatmap} map @param {Box} box @returns {number[]} per step, the events of the cells whose middle is inside */
export function countsInside(map, box) {
  return map.counts.map((bucket, b) => {
    const middle = (map.start_us + (b + 0.5) * map.step_us) / 1e6;
    if (middle < box.start || middle >= box.end) return 0;
    return bucket.reduce((sum, count, c) => { const value = (map.edges[c] + map.edges[c + 1]) / 2;
      return value >= box.min && value < box.max ? sum + count : sum; }, 0);
  });
}

/** @param {Heatmap} map @returns {number} */
export function peak(map) {
  let most = 0;
  for (const bucket of map.counts) for (const count of bucket) if (count > most) most = count;
  return most;
}

/** @param {Heatmap} map @returns {{low: number, high: number} | null} the values that hold events, with one cell of air */
export function valueRange(map) {
  let first = Infinity, last = -1;
  for (const bucket of map.counts) {
    for (let c = 0; c < bucket.length; c += 1) if (bucket[c] > 0) { if (c < first) first = c; if (c > last) last = c; }
  }
  if (last < 0) return null;
  return { low: map.edges[Math.max(0, first - 1)], high: map.edges[Math.min(map.edges.length - 1, last + 2)] };
}

/**
 * Where a pointer at (x, y) takes hold of a rectangle.
 * @param {{x: number, y: number, w: number, h: number} | null} r @param {number} x @param {number} y @param {number} [reach]
 * @returns {Grip}
 */
export function gripAt(r, x, y, reach = 7) {
  if (!r) return 'new';
  const near = (/** @type {number} */ a, /** @type {number} */ b) => Math.abs(a - b) <= reach;
  const inX = x >= r.x - reach && x <= r.x + r.w + reach, inY = y >= r.y - reach && y <= r.y + r.h + reach;
  if (!inX || !inY) return 'new';
  const grip = `${near(y, r.y) ? 'n' : near(y, r.y + r.h) ? 's' : ''}${near(x, r.x) ? 'w' : near(x, r.x + r.w) ? 'e' : ''}`;
  return /** @type {Grip} */ (grip || 'move');
}

/**
 * The rectangle after a pull, within the limits.
 * @param {{x: number, y: number, w: number, h: number}} r @param {Grip} grip @param {number} dx @param {number} dy
 * @param {{x: number, y: number, w: number, h: number}} limit
 */
export function pull(r, grip, dx, dy, limit) {
  let [x0, x1, y0, y1] = [r.x, r.x + r.w, r.y, r.y + r.h];
  const [lx1, ly1] = [limit.x + limit.w, limit.y + limit.h];
  if (grip === 'move') {
    const mx = Math.min(Math.max(dx, limit.x - x0), lx1 - x1), my = Math.min(Math.max(dy, limit.y - y0), ly1 - y1);
    return { x: x0 + mx, y: y0 + my, w: r.w, h: r.h };
  }
  if (grip.includes('w')) x0 += dx;
  if (grip.includes('e')) x1 += dx;
  if (grip.includes('n')) y0 += dy;
  if (grip.includes('s')) y1 += dy;
  const inside = (/** @type {number} */ v, /** @type {number} */ a, /** @type {number} */ b) => Math.min(b, Math.max(a, v));
  [x0, x1] = [inside(Math.min(x0, x1), limit.x, lx1), inside(Math.max(x0, x1), limit.x, lx1)];
  [y0, y1] = [inside(Math.min(y0, y1), limit.y, ly1), inside(Math.max(y0, y1), limit.y, ly1)];
  return { x: x0, y: y0, w: Math.max(2, x1 - x0), h: Math.max(2, y1 - y0) };
}
