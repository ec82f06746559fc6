// @ts-check
// Columns that a question names in vain, and what may have been meant.
import { label } from './query.js';

/** What events have without a column of their own. */
const virtual = new Set(['dataset', 'timestamp', 'is_root', 'type']);
/** A column of a formula in one of its three forms, or a text in quotes, which names nothing whatever stands in it. */
const tokens = /\$"((?:[^"\\]|\\.)*)"|\$`([^`]*)`|\$([\p{L}\p{N}_./:=+?-]+)|"(?:[^"\\]|\\.)*"|`[^`]*`/gu;
const mostNear = 4, mostLength = 80;

/** @param {string} expression of a derived column @returns {string[]} the columns that it names, as $name or $"name", each once */
export function namedIn(expression) {
  return [...new Set([...expression.matchAll(tokens)].flatMap(([, quoted, raw, plain]) => quoted ?? raw ?? plain ?? []))];
}

/**
 * @param {import('./query.js').Query} query
 * @returns {{name: string, clause: string}[]} each column that it names, with the place of that; what its own formulas make is not among them
 */
export function named(query) {
  const made = new Set(query.fields.map((field) => field.name));
  const own = query.calculations.flatMap((c, i) => [c.column ?? '', ...(c.filters ?? []).map((f) => f.column)].map((name) => ({ name, clause: `calculations[${i}]` })));
  const parts = [...own, ...query.filters.map((f, i) => ({ name: f.column, clause: `filters[${i}]` })),
    ...query.breakdowns.map((name, i) => ({ name, clause: `breakdowns[${i}]` }))].filter((part) => part.name && !made.has(part.name));
  return [...parts, ...query.fields.flatMap((field, i) => namedIn(field.expression).filter((name) => name === field.name || !made.has(name)).map((name) => ({ name, clause: `calculated_fields[${i}]` })))];
}

/**
 * @param {import('./query.js').Query} query
 * @param {{name: string, events: number, expression?: string}[]} columns of the dataset; one without events is declared, and no event has it
 * @returns {{name: string, clauses: string[], near: string[]}[]} what no event has, in the order of the question
 */
export function missing(query, columns) {
  const written = columns.filter((c) => c.events > 0 || c.expression !== undefined), known = new Set(written.map((c) => c.name));
  /** @type {Map<string, string[]>} */
  const found = new Map();
  for (const { name, clause } of named(query)) if (!known.has(name) && !virtual.has(name)) found.set(name, [...found.get(name) ?? [], clause]);
  return [...found].map(([name, clauses]) => ({ name, clauses, near: near(name, written) }));
}

const bare = (/** @type {string} */ name) => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** @param {string} name @param {{name: string, events: number}[]} columns @returns {string[]} those that it may mean, the likeliest first */
export function near(name, columns) {
  const wanted = bare(name.slice(0, mostLength)), last = bare(name.split(/[./]/).pop() ?? '');
  const scored = columns.map((c) => {
    const own = bare(c.name.slice(0, mostLength)), most = Math.max(1, Math.min(3, Math.floor(wanted.length / 3)));
    const steps = own === wanted ? 0 : distance(wanted, own, most);
    if (steps <= most) return { c, score: steps };
    const isSameLast = last.length >= 3 && bare(c.name.split(/[./]/).pop() ?? '') === last, isPart = wanted.length >= 3 && (own.includes(wanted) || (own.length >= 3 && wanted.includes(own)));
    return isSameLast || isPart ? { c, score: isSameLast && isPart ? 4 : isSameLast ? 5 : 6 } : null;
  });
  const found = scored.flatMap((s) => (s ? [s] : [])).sort((a, b) => a.score - b.score || b.c.events - a.c.events || a.c.name.localeCompare(b.c.name)), misspelt = found.filter((s) => s.score < 4);
  return (misspelt.length ? misspelt : found).slice(0, mostNear).map((s) => s.c.name); // where a few letters explain it, what is merely alike is noise
}

/** @param {string} a @param {string} b @param {number} most @returns {number} letters to change, add, leave out or swap; more than most where it is more */
export function distance(a, b, most) {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let before = /** @type {number[]} */ ([]), row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const isSame = a[i - 1] === b[j - 1], isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next[j] = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (isSame ? 0 : 1), isSwapped ? before[j - 2] + 1 : Infinity);
    }
    [before, row] = [row, next];
  }
  return row[b.length];
}

/** @param {import('./query.js').Query} query @param {string} from @param {string} to @returns {import('./query.js').Query} the same of another column */
export function renamed(query, from, to) {
  const swap = (/** @type {string} */ name) => (name === from ? to : name);
  const filters = (/** @type {import('./query.js').Filter[]} */ list) => list.map((f) => (f.column === from ? { ...f, column: to } : f));
  const results = new Map(query.calculations.map((c) => [label(c), label(c.column === from ? { ...c, column: to } : c)]));
  const told = (/** @type {string} */ name) => results.get(name) ?? swap(name);
  const calculations = query.calculations.map((c) => ({ ...c, ...(c.column === from ? { column: to } : {}), ...(c.filters ? { filters: filters(c.filters) } : {}) }));
  return { ...query, calculations, breakdowns: query.breakdowns.map(swap), filters: filters(query.filters), orders: query.orders.map((o) => ({ ...o, label: told(o.label) })),
    havings: query.havings.map((one) => ({ ...one, label: told(one.label) })), fields: query.fields.map((field) => ({ ...field, expression: replaced(field.expression, from, to) })),
    formulas: query.formulas.map((f) => ({ ...f, expression: [...results].reduce((text, [old, now]) => (old === now ? text : replaced(text, old, now)), f.expression) })) };
}

/** @param {string} expression @param {string} from @param {string} to */
function replaced(expression, from, to) {
  return expression.replace(tokens, (all, quoted, raw, plain) => ((quoted ?? raw ?? plain) === from ? `$"${to}"` : all));
}
