// @ts-check
// What BubbleUp's answer says, in words and in order.

/** @typedef {{value: unknown, selection: number, baseline: number, selection_share: number, baseline_share: number}} Value */
/** @typedef {{name: string, type: string, score: number, selection_present: number, baseline_present: number, values?: Value[],
 *   histogram?: {edges: number[], selection: number[], baseline: number[]}}} Column */

const standsOut = 0.25; // a quarter of one side more than of the other

/** @param {Column[]} columns @returns {Column[]} those that stand out */
export function standing(columns) { return columns.filter((c) => c.score >= standsOut); }

/** @param {string} name @param {string} by the column that parts both sides @returns {boolean} whether a difference in it says the same again, or how the event was made or is counted */
function isEcho(name, by) { return /^(meta|item|occurrence)\./.test(name) || (by === 'error' && name === 'status_code'); }

/** @param {Column[]} columns @param {string} by the column that parts both sides: it tells nothing @returns {Column[]} echoes of it at the end */
export function tellingFirst(columns, by) {
  const others = columns.filter((c) => c.name !== by);
  return [...others.filter((c) => !isEcho(c.name, by)), ...others.filter((c) => isEcho(c.name, by))];
}

/** @param {Column} column @returns {number | null} greatest difference of shares, in points; null for a histogram */
export function points(column) {
  if (!column.values?.length) return null;
  return Math.round(Math.max(...column.values.map((v) => Math.abs(v.selection_share - v.baseline_share))) * 100);
}

/** @param {Column} column @param {number} most @returns {Value[]} the values to draw: those that differ most, greatest share first */
export function topValues(column, most) {
  return [...(column.values ?? [])].sort((a, b) => Math.abs(b.selection_share - b.baseline_share) - Math.abs(a.selection_share - a.baseline_share))
    .slice(0, most).sort((a, b) => b.selection_share - a.selection_share || b.baseline_share - a.baseline_share);
}

/** @param {Column} column @returns {string} one sentence for readers who do not see the bars */
export function sentence(column) {
  const top = topValues(column, 1)[0];
  const percent = (/** @type {number} */ share) => `${Math.round(share * 100)} percent`;
  if (!top) return `${column.name}: values differ, score ${column.score.toFixed(2)}`;
  return `${column.name} ${top.value === null ? 'is absent' : `= ${top.value}`}: ${percent(top.selection_share)} of the selection, ${percent(top.baseline_share)} of the rest`;
}
