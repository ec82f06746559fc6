// @ts-check
// The answer as a table, and the traces behind it.
import { sparkbars } from '../charts/sparkline.js';
import { columnUnit, figure as asFigure } from '../model/format.js';
import { beforeText, changeText } from '../model/compare.js';
import { label, resultNames, valueFilter, valueText } from '../model/query.js';
import { figure, fill, h, service } from './dom.js';
import { calculationUnit, groupColour, liftedRow } from './explore-lines.js';
import { go } from './router.js';

/**
 * @param {any} answer @param {import('../model/query.js').Query} query
 * @param {{addFilter: (f: import('../model/query.js').Filter) => void, order: (label: string) => void, tracesOf: (filters: import('../model/query.js').Filter[]) => string}} given
 * @returns {HTMLElement}
 */
export function resultsTable(answer, query, given) {
  const rows = answer.data[0]?.length ?? (answer.series?.values.length || 0),
    groups = answer.columns.filter((/** @type {any} */ c) => c.kind === 'breakdown').length;
  const series = new Map((answer.series?.values ?? []).map((/** @type {any} */ v) => [v.row, v])),
    firstResult = (answer.columns.find((/** @type {any} */ c) => c.kind === 'formula') ?? answer.columns.find((/** @type {any} */ c) => c.kind === 'calculation'))?.name;
  // A service has its own colour: where it is not all that a group is, the line's colour stands beside the rest of it.
  const dotted = answer.columns.findIndex((/** @type {any} */ c) => c.kind === 'breakdown' && c.name !== 'service.name');
  const sorted = query.orders[0] ?? (firstResult ? { label: firstResult, descending: true } : null);
  const head = (/** @type {any} */ c) => h('th', { scope: 'col', class: `${c.kind === 'breakdown' ? 'mono' : 'num'}`,
    'aria-sort': sorted?.label === c.name ? (sorted.descending ? 'descending' : 'ascending') : null },
    h('button', { type: 'button', onclick: () => given.order(c.name) }, c.name));
  const units = answer.columns.map((/** @type {any} */ c) => { const known = query.calculations.find((one) => label(one) === c.name);
    return c.kind === 'formula' ? '' : c.kind === 'calculation' && known ? calculationUnit(known) : columnUnit(c.name); });
  const earlier = (/** @type {any} */ now, /** @type {any} */ then, /** @type {string} */ unit) => {
    if (!answer.compare) return null;
    const change = changeText(now, then).replace(' ', '\u00a0');
    return h('div', { class: 'small faint earlier', title: beforeText(answer.compare.offset_us / 1e6) }, `${asFigure(then, unit).join(' ').trim()} before`, change && `, ${change}`);
  };
  const over = firstResult && answer.series;
  const line = (/** @type {number} */ row) => {
    const filters = answer.columns.flatMap((/** @type {any} */ c, /** @type {number} */ i) => (c.kind === 'breakdown' ? [valueFilter(c.name,
      answer.data[i][row])] : [])), to = given.tracesOf(filters);
    return h('tr', { class: 'go', onclick: (/** @type {MouseEvent} */ e) => { if (!/** @type {HTMLElement} */ (e.target).closest('a, button')) go(to);
      }, onpointerenter: () => liftedRow.set(row), onpointerleave: () => liftedRow.set(null) },
      answer.columns.map((/** @type {any} */ c, /** @type {number} */ i) => {
        const value = answer.data[i][row];
        if (c.kind === 'breakdown') return h('td', { class: i ? '' : 'wide' }, h('button', { class: 'plain cell-value mono', type: 'button',
          'aria-label': `${c.name} ${value === null ? 'not there' : valueText(value)}: add as a filter`,
          title: 'Add as a filter; ⌥ click leaves it out', onclick: (/** @type {MouseEvent} */ e) => given.addFilter(valueFilter(c.name, value,
          e.altKey)) },
          i === dotted && h('i', { class: 'dot-c', vars: { background: groupColour(answer, row) } }),
            c.name === 'service.name' && value != null ? service(value) : h('span', { class: `cut ${value === null ? 'faint' : ''}` },
            value === null ? '(none)' : value === '' ? '(empty)' : valueText(value))));
        return h('td', { class: 'num', 'data-l': c.name }, figure(asFigure(value, units[i])), earlier(value, answer.compare?.data[i][row], units[i]));
      }).toSpliced(groups, 0, over && h('td', { class: 'hide-s over' }, sparkbars(series.get(row)?.[firstResult] ?? []))),
      h('td', { class: 'num' }, h('a', { class: 'small', href: to, 'data-row': true,
        'aria-label': `Traces of ${groups ? filters.map((/** @type {any} */ f) => valueText(f.value)).join(', ') : 'all'}` }, 'traces')));
  };
  const body = Array.from({ length: rows || (groups ? 0 : 1) }, (_, i) => line(i));
  const total = groups > 0 && answer.total && rows > 1 && h('tfoot', {}, h('tr', {}, h('td', { colspan: groups, class: 'dim' }, 'All events'),
    over && h('td', { class: 'hide-s over' }), answer.columns.slice(groups).map((/** @type {any} */ c, /** @type {number} */ i) => h('td',
    { class: 'num dim', 'data-l': c.name }, figure(asFigure(answer.total[c.name], units[groups + i])), earlier(answer.total[c.name], answer.compare?.total[c.name], units[groups + i]))), h('td')));
  const heads = answer.columns.map(head).toSpliced(groups, 0, over && h('th', { class: 'hide-s over', scope: 'col' }, `${firstResult} over time`));
  return h('div', { class: 'scroll-x' }, h('table', { class: `tbl list results ${groups === 1 && answer.columns.length === 2 ? 'brief' : ''}` }, h('thead', {},
    h('tr', {}, heads, h('th', {}, h('span', { class: 'sr' }, 'Traces')))), h('tbody', {}, body), total));
}

/** @param {HTMLElement} host @param {[string, string, any][]} list key, name, count @param {string} now @param {(key: string) => void} pick */
export function resultTabs(host, list, now, pick) {
  fill(host, list.map(([key, text, count]) => h('button', { role: 'tab', type: 'button', 'aria-selected': key === now, tabindex: key === now ? 0 : -1,
    onclick: () => pick(key), onkeydown: (/** @type {KeyboardEvent} */ e) => {
    const at = list.findIndex(([k]) => k === key), next = list[at + (e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : 0)];
    if (next && next[0] !== key) { pick(next[0]); /** @type {any} */ (host.querySelector('[aria-selected="true"]'))?.focus(); }
  } }, text, count != null && h('span', { class: 'c' }, count))));
}

/**
 * @param {import('../model/query.js').Query} query
 * @param {string} name
 * @returns {import('../model/query.js').Order[]} the same column again turns the order round
 */
export function turned(query, name) {
  const names = resultNames(query), now = query.orders[0] ?? { label: names[0], descending: true };
  return [{ label: name, descending: now.label === name ? !now.descending : names.includes(name) }];
}
