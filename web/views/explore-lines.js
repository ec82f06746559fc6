// @ts-check
// A line chart per calculation: the first groups each with a colour, the others told in words.
import { lineChart } from '../charts/line.js';
import { drawn } from '../charts/svg.js';
import { columnUnit, durationTick, figure as asFigure, plural, short } from '../model/format.js';
import { services } from '../model/palette.js';
import { beforeText } from '../model/compare.js';
import { knownTime, partialWords } from '../model/time.js';
import { label, plainLabel, takesValue, valueText } from '../model/query.js';
import { fill, h } from './dom.js';
import { hoverable } from './chart-hover.js';
import { markerLayer } from './markers.js';
import { time, utc } from './router.js';
import { signal } from '../model/signal.js';

const mostLines = 7;
/** The group under the pointer, in the table or a legend. */
export const liftedRow = signal(/** @type {number | null} */ (null));

/** @param {any} answer @param {number} row @returns {string} */
export function groupName(answer, row) {
  const parts = answer.columns.flatMap((/** @type {any} */ c,
    /** @type {number} */ i) => (c.kind === 'breakdown' ? [answer.data[i][row] === null ? '(none)' : valueText(answer.data[i][row])] : []));
  return parts.join(', ') || 'all';
}

/** @param {any} answer @param {number} row @returns {string} a colour of the palette: the service's own where grouped by service, else by place */
export function groupColour(answer, row) {
  const at = answer.columns.findIndex((/** @type {any} */ c) => c.kind === 'breakdown' && c.name === 'service.name'),
    groups = answer.columns.filter((/** @type {any} */ c) => c.kind === 'breakdown').length;
  if (!groups) return 'var(--ink2)';
  if (at >= 0 && groups === 1 && answer.data[at][row] != null) return `var(--c${services.of(answer.data[at][row])})`;
  return `var(--c${row % 12 + 1})`;
}

/** @param {import('../model/query.js').Calculation} c */
export function calculationUnit(c) { return /^(COUNT|COUNT_DISTINCT|CONCURRENCY)$/.test(c.op) ? '' : columnUnit(c.column ?? ''); }

/** @param {import('../model/query.js').Calculation} c @returns {string} COUNT where any of error exists, status >= 500 */
export function calculationWords(c) {
  const filters = (c.filters ?? []).map((f) => [f.column, f.op, ...(takesValue(f.op) ? [valueText(f.value)] : [])].join(' '));
  return `${plainLabel(c)}${filters.length ? ` where ${c.any ? 'any of ' : ''}${filters.join(', ')}` : ''}`;
}

/** @param {any} answer @param {string} name @param {{row: number, colour: string}[]} lines @returns {import('../charts/line.js').Series[]} the same of the earlier time, dashed */
export function earlierLines(answer, name, lines) {
  const values = new Map((answer.compare?.series?.values ?? []).map((/** @type {any} */ v) => [v.row, v[name] ?? []]));
  return lines.filter((l) => values.has(l.row)).map((l) => ({ name: '', colour: l.colour, values: values.get(l.row), width: 1.4, dashed: true }));
}

/** @param {any} answer @param {import('../model/query.js').Calculation} calculation @param {number} index @param {string} [says]  a formula's expression */
export function linePanel(answer, calculation, index, says = calculation.name ? calculationWords(calculation) : '') {
  const name = label(calculation), unit = calculationUnit(calculation), format = unit === 'ms' ? durationTick : short;
  const lines = (answer.series?.values ?? []).slice(0, mostLines).map((/** @type {any} */ v) => ({ row: v.row, name: groupName(answer, v.row),
    colour: groupColour(answer, v.row), values: v[name] ?? [] }));
  const total = answer.series?.values.length ?? 0, steps = { startUs: answer.series.start_us, stepUs: answer.series.step_us,
    count: answer.series.count, ...knownTime(time(), Date.now() / 1000) };
  const additive = calculation.op === 'COUNT' || calculation.op === 'SUM', single = total <= 1;
  if (additive && total > mostLines) {
    const rest = answer.series.values.slice(mostLines), whole = answer.whole?.[name], shown = lines.slice();
    lines.push({ row: -1, name: answer.info.truncated && !whole ? `${total - mostLines} more` : 'the rest', colour: 'var(--base)', values: Array.from({ length: steps.count },
      (_, i) => (whole ? (whole[i] ?? 0) - shown.reduce((/** @type {number} */ sum, /** @type {any} */ line) => sum + (line.values[i] ?? 0), 0) : rest.reduce((/** @type {number} */ sum, /** @type {any} */ v) => sum + (v[name]?.[i] ?? 0), 0))) });
  }
  const before = earlierLines(answer, name, lines), ago = answer.compare ? beforeText(answer.compare.offset_us / 1e6) : '';
  const inner = h('div', { class: 'chart-in' }), host = h('div', { class: 'chart line-chart' }, inner);
  /** @type {import('../charts/line.js').Frame | null} */
  let frame = null;
  const flags = markerLayer(host, () => frame);
  const watch = drawn(host, () => {
    const lifted = liftedRow.get(), known = lines.some((/** @type {any} */ l) => l.row === lifted);
    frame = lineChart(inner, steps, lines.map((/** @type {any} */ l) => ({ ...l, dim: known && l.row !== lifted ? true : single && additive,
      width: l.row === lifted ? 2.4 : 1.6 })), { bars: single && additive, format,
      behind: before, label: `${name} over time${single ? '' : ` of ${plural(total, 'group')}`}`, utc: utc.get() });
    flags.draw();
  });
  const offHover = hoverable(host, () => frame, (i) => ({ rows: [...lines.map((/** @type {any} */ l) => [single ? name : l.name.slice(0, 60), asFigure(l.values[i], unit).join(' ')]),
    ...before.map((b, k) => [`${single ? '' : `${lines[k].name.slice(0, 40)}, `}${ago}`, asFigure(b.values[i], unit).join(' ')])] }), { steps: () => steps });
  const offLift = liftedRow.subscribe(watch.redraw);
  const legend = h('span', { class: 'end row wrap legend' }), dashes = before.length > 0 && h('span', { class: 'key dashed faint small' }, ago);
  const partial = partialWords(steps), part = partial && h('span', { class: 'faint small' }, partial);
  if (single) fill(legend, dashes, part);
  if (!single) fill(legend, lines.map((/** @type {any} */ l) => h('span', { class: 'key cut', vars: { '--c': l.colour },
    onpointerenter: () => liftedRow.set(l.row), onpointerleave: () => liftedRow.set(null) }, h('span', { class: 'cut' }, l.name))),
    !additive && total > mostLines && h('span', { class: 'faint small' }, `${total - mostLines} more in the table`), dashes, part);
  const id = `line-${index}`;
  return { element: h('section', { class: 'panel', 'aria-labelledby': id }, h('header', {},
    h('h2', { id }, calculation.name ?? [calculation.op, calculation.column && [' ', h('span', { class: 'mono' }, calculation.column)]]), says && h('span', { class: 'sub cut mono', title: says }, says), legend),
    h('div', { class: 'pad' }, host)), stop() { watch.stop(); flags.stop(); offHover(); offLift(); } };
}
