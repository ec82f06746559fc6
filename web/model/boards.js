// @ts-check
// Where a board's panels lie, and what its questions are asked with.
import { defaultQuery, fromURL, label, plainLabel, specification } from './query.js';

/** @typedef {{x_coordinate: number, y_coordinate: number, width: number, height: number}} Position */

export const columnCount = 12;
const defaultRange = 7200; // seconds of a query that names none

/**
 * Panels that would lie on each other move down, those that are further up first.
 * @template {{position: Position}} P @param {P[]} panels @returns {P[]} in the order of reading
 */
export function settled(panels) {
  const order = panels.map((panel, i) => ({ panel, i })).sort((a, b) => a.panel.position.y_coordinate - b.panel.position.y_coordinate
    || a.panel.position.x_coordinate - b.panel.position.x_coordinate || a.i - b.i);
  /** @type {P[]} */
  const placed = [];
  for (const { panel } of order) {
    const at = { ...panel.position };
    let hit;
    while ((hit = placed.find((other) => overlap(at, other.position)))) at.y_coordinate = hit.position.y_coordinate + hit.position.height;
    placed.push({ ...panel, position: at });
  }
  return placed;
}

/** @param {Position} a @param {Position} b */
function overlap(a, b) {
  return a.x_coordinate < b.x_coordinate + b.width && b.x_coordinate < a.x_coordinate + a.width && a.y_coordinate < b.y_coordinate + b.height && b.y_coordinate < a.y_coordinate + a.height;
}

/** @param {{position: Position}[]} panels @param {number} width @param {number} height @returns {Position} the first room from the top that is wide enough */
export function roomFor(panels, width, height) {
  const taken = settled(panels).map((panel) => panel.position);
  for (let y = 0; ; y += 1) for (let x = 0; x + width <= columnCount; x += 1) {
    const at = { x_coordinate: x, y_coordinate: y, width, height };
    if (!taken.some((other) => overlap(at, other))) return at;
  }
}

/** @param {Position} at @param {'left' | 'right' | 'up' | 'down' | 'wider' | 'narrower' | 'taller' | 'lower'} how @returns {Position} within the grid */
export function moved(at, how) {
  const next = { ...at }, by = { left: [-1, 0, 0, 0], right: [1, 0, 0, 0], up: [0, -1, 0, 0], down: [0, 1, 0, 0], wider: [0, 0, 1, 0], narrower: [0, 0, -1, 0], taller: [0, 0, 0, 1], lower: [0, 0, 0, -1] }[how];
  next.width = Math.min(columnCount, Math.max(2, at.width + by[2]));
  next.height = Math.min(12, Math.max(2, at.height + by[3]));
  next.x_coordinate = Math.min(columnCount - next.width, Math.max(0, at.x_coordinate + by[0]));
  next.y_coordinate = Math.max(0, at.y_coordinate + by[1]);
  return next;
}

/**
 * A panel's question with the board's time and its filters. Filters cannot be joined to a question whose own filters are alternatives.
 * @param {any} query of Honeycomb's API @param {{start: number, end: number}} time @param {{column: string, op: string, value?: unknown}[]} filters
 * @returns {{query: any, unfiltered: boolean}}
 */
export function questionOf(query, time, filters) {
  const { time_range: _r, start_time: _s, end_time: _e, granularity, id: _i, compare_time_offset_seconds: _c, ...rest } = query, alternatives = rest.filter_combination === 'OR' && (rest.filters ?? []).length > 1;
  const joined = alternatives ? rest.filters : [...(rest.filters ?? []), ...filters];
  return { query: { ...rest, ...(joined?.length ? { filters: joined, filter_combination: alternatives ? 'OR' : 'AND' } : {}), ...(granularity && fits(granularity, time) ? { granularity } : {}), ...timesOf(query, time) }, unfiltered: alternatives && filters.length > 0 };
}

/** @param {any} query @returns {string} what it is compared with, as Explore holds it: its own length is the time just before */
function compareOf(query) {
  const offset = query.compare_time_offset_seconds, length = query.start_time && query.end_time ? query.end_time - query.start_time : query.time_range ?? defaultRange;
  return !offset ? '' : offset === length ? 'p' : String(offset);
}

/** @param {any} query @param {{start: number, end: number}} time @returns {Record<string, number>} the times of its panel: compared ones are of one length */
function timesOf(query, time) {
  const { start_time, end_time, compare_time_offset_seconds: before } = /** @type {any} */ (specification({ ...defaultQuery(), compare: compareOf(query) }, time));
  return { start_time, end_time, ...(before ? { compare_time_offset_seconds: before } : {}) };
}

/** @param {number} granularity seconds @param {{start: number, end: number}} time @returns {boolean} whether Honeycomb's API takes such steps over this time */
function fits(granularity, time) {
  const length = Math.ceil(time.end) - Math.floor(time.start);
  return Number.isInteger(granularity) && granularity >= Math.ceil(length / 1000) && granularity <= Math.floor(length / 10);
}

/** @param {any} query of Honeycomb's API @returns {import('./query.js').Query} as Explore holds it */
export function exploreQuery(query) {
  const plain = (/** @type {any} */ c) => ({ op: c.op, ...(c.column ? { column: c.column } : {}) });
  const calculations = query.calculations?.length ? query.calculations.map((/** @type {any} */ c) => ({ ...plain(c), ...(c.name ? { name: c.name } : {}),
    ...(c.filters?.length ? { filters: c.filters } : {}), ...(c.filter_combination === 'OR' && c.filters?.length > 1 ? { any: true } : {}) })) : [{ op: 'COUNT' }];
  const formulas = query.formulas ?? [];
  /** What is meant by an operation and a column, or by a name in the column's place. @param {string | undefined} op @param {string | undefined} column */
  const named = (op, column) => {
    const told = plainLabel({ op: op ?? '', ...(column ? { column } : {}) }), own = [...formulas, ...calculations].find((one) => one.name && one.name === column)?.name;
    if (!op || (own && !calculations.some((/** @type {any} */ c) => !c.name && plainLabel(c) === told))) return column ?? '';
    return label(calculations.find((/** @type {any} */ c) => !c.name && plainLabel(c) === told) ?? calculations.find((/** @type {any} */ c) => plainLabel(c) === told) ?? { op, column });
  };
  return { ...fromURL(new URLSearchParams('c=COUNT')), calculations, formulas,
    filters: query.filters ?? [], any: query.filter_combination === 'OR', breakdowns: query.breakdowns ?? [], limit: Math.min(query.limit ?? 1000, 1000),
    granularity: query.granularity ?? 0, fields: query.calculated_fields ?? [], compare: compareOf(query),
    orders: (query.orders ?? []).map((/** @type {any} */ o) => ({ label: named(o.op, o.column), descending: o.order === 'descending' })),
    havings: (query.havings ?? []).map((/** @type {any} */ one) => ({ label: named(one.calculate_op, one.column), op: one.op, value: one.value })) };
}

/** @param {import('./query.js').Query} query @param {{start: number, end: number}} time @returns {Record<string, unknown>} what Honeycomb's API keeps of a question */
export function keptQuery(query, time) {
  const { start_time: start, end_time: end, granularity, ...rest } = /** @type {any} */ (specification(query, time));
  if (!rest.filters.length) { delete rest.filters; delete rest.filter_combination; }
  for (const key of ['breakdowns', 'havings']) if (!rest[key].length) delete rest[key];
  const length = Math.max(60, end - start);
  if (rest.compare_time_offset_seconds < length) rest.compare_time_offset_seconds = length;
  return { ...rest, ...(granularity && fits(granularity, { start, end: Math.max(end, start + 60) }) ? { granularity } : {}), time_range: length };
}
