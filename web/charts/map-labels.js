// @ts-check
// Where the words of the map's nodes stand, so that none lies on another or on a ring. Pure arithmetic.
import { clients } from '../model/service-graph.js';

/** @typedef {{left: number, right: number, top: number, bottom: number}} Box */
/** @typedef {{key: string, name: string, figure: string, weight: number}} Labelled  weight: who chooses first */
/** @typedef {{dx: number, dy: number, anchor: 'middle' | 'start' | 'end', most: number, lines: number}} Label  dx, dy: from the ring's middle to the foot of the name;
 *   most: letters; lines: 2 name and figure, 1 the name, 0 nothing until somebody points at the node */

const [nameUnder, figureFoot, lineGap] = [12, 3, 14]; // px: height of the name, depth of letters, from the name's foot to the figure's

/**
 * Below the ring, else above, else beside it; shorter, then without the figure, where none of these is free; at last not at all: the busiest choose first.
 * @param {Labelled[]} nodes @param {Map<string, import('../model/service-graph.js').Spot>} spots @param {Map<string, number>} radius
 * @param {{small: boolean, width: number, height: number}} picture
 * @returns {{taken: Box[], labels: Map<string, Label>}} taken: all rings and words
 */
export function labelPlaces(nodes, spots, radius, { small, width, height }) {
  const seen = nodes.filter((n) => spots.has(n.key)), place = (/** @type {string} */ key) => ({ .../** @type {{x: number, y: number}} */ (spots.get(key)), r: radius.get(key) ?? 20 });
  const rings = [...seen.map((n) => n.key), ...(spots.has(clients) ? [clients] : [])].map((key) => { const { x, y, r } = place(key);
    return { key, left: x - r - 4, right: x + r + 4, top: y - r - 4, bottom: y + r + 4 }; });
  const words = /** @type {Box[]} */ ([]), labels = new Map();
  if (spots.has(clients)) { const { x, y, r } = place(clients); words.push({ left: x - 24, right: x + 24, top: y + r + 8, bottom: y + r + 23 }); }
  for (const node of [...seen].sort((a, b) => b.weight - a.weight)) {
    const { x, y, r } = place(node.key), others = [...rings.filter((o) => o.key !== node.key), ...words];
    const free = tries(node, r, small).find(({ box }) => { const at = { left: x + box.left, right: x + box.right, top: y + box.top, bottom: y + box.bottom };
      return at.left >= 0 && at.right <= width && at.top >= 0 && at.bottom <= height && !others.some((o) => common(o, at)); });
    if (free) words.push({ left: x + free.box.left, right: x + free.box.right, top: y + free.box.top, bottom: y + free.box.bottom });
    labels.set(node.key, free?.label ?? { dx: 0, dy: r + 20, anchor: 'middle', most: small ? 18 : 26, lines: 0 });
  }
  return { taken: [...rings, ...words], labels };
}

/** @param {Labelled} node @param {number} r @param {boolean} small @returns {{label: Label, box: Box}[]} the best first; boxes from the ring's middle */
function tries({ name, figure }, r, small) {
  const letter = small ? 6.2 : 7, [most, least] = small ? [18, 12] : [26, 14];
  return [[most, 2], [least, 2], [least, 1]].flatMap(([letters, lines]) => {
    const wide = Math.max(Math.min(name.length, letters) * letter, lines > 1 ? figure.length * (letter - 0.8) : 0) + 4, deep = (lines - 1) * lineGap + figureFoot;
    const side = 2 - (lines - 1) * lineGap / 2 + 2, out = r + 10;
    return [{ dx: 0, dy: r + 20, anchor: 'middle' }, { dx: 0, dy: -r - 12 - (lines - 1) * lineGap, anchor: 'middle' }, { dx: out, dy: side, anchor: 'start' }, { dx: -out, dy: side, anchor: 'end' }]
      .map(({ dx, dy, anchor }) => ({ label: /** @type {Label} */ ({ dx, dy, anchor, most: letters, lines }),
        box: { left: anchor === 'middle' ? -wide / 2 : anchor === 'start' ? dx : dx - wide, right: anchor === 'middle' ? wide / 2 : anchor === 'start' ? dx + wide : dx, top: dy - nameUnder, bottom: dy + deep } }));
  });
}

/** @param {Box} a @param {Box} b @returns {boolean} whether they share a place */
export function common(a, b) { return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom; }
