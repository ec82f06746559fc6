// @ts-check
// How many lines, by how grave they are, over the time of the page.
import { lineChart } from '../charts/line.js';
import { drawn } from '../charts/svg.js';
import { short } from '../model/format.js';
import { chart } from '../model/insights.js';
import { knownTime, lengthName, partialWords } from '../model/time.js';
import * as logs from '../wire/logs.js';
import { hoverable } from './chart-hover.js';
import { fill, h } from './dom.js';
import { time, utc } from './router.js';
import { loader } from './states.js';

const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];
const kinds = [['error', 'var(--err)', /^(err|fatal|crit|sev|emerg|panic|alert)/i], ['warn', 'var(--warn)', /^warn/i], ['other', 'var(--base)', /./]];

export function volume() {
  const inner = h('div', { class: 'chart-in' }), host = h('div', { class: 'chart hist' }, inner), legend = h('div', { class: 'hist-legend row' });
  const load = loader();
  /** @type {import('../charts/line.js').Frame | null} */
  let frame = null;
  /** @type {{steps: any, series: any[]} | null} */
  let shown = null;
  const watch = drawn(host, () => { if (shown) frame = lineChart(inner, shown.steps, shown.series, { bars: true, format: short, label: 'Lines over time, by severity', utc: utc.get() }); });
  const offHover = hoverable(host, () => frame, (i) => ({ rows: (shown?.series ?? []).map((line) => [line.name, short(line.values[i] ?? 0)]) }), { steps: () => shown?.steps });
  const read = (/** @type {string} */ filters, /** @type {string[]} */ groups) => {
    const span = time(), step = steps.find((s) => (span.end - span.start) / s <= 110) ?? 86400;
    const query = `${filters ? `${filters} | ` : ''}stats count(*) by bin(${step}s), severity`;
    load.run(host, (signal) => logs.run({ query, groups, ...span, limit: 10000 }, signal), (r) => {
      const start = Math.floor(span.start / step) * step * 1e6, count = Math.max(1, Math.ceil((span.end * 1e6 - start) / (step * 1e6)));
      const found = r.rows.length ? chart(r.columns, r.rows.length > 1 ? r.rows : [r.rows[0], r.rows[0]]) : null;
      const series = kinds.map(([name, colour]) => ({ name: String(name), colour: String(colour), dim: name === 'other', values: new Array(count).fill(0) }));
      for (const row of r.rows) {
        const at = Math.floor((Date.parse(`${(row[0] ?? '').replace(' ', 'T')}Z`) * 1000 - start) / (step * 1e6));
        const kind = kinds.findIndex(([, , is]) => /** @type {RegExp} */ (is).test(row[1] ?? 'none'));
        if (at >= 0 && at < count) series[kind].values[at] += Number(row[2]);
      }
      shown = { steps: { startUs: start, stepUs: step * 1e6, count, ...knownTime(span, Date.now() / 1000) }, series };
      host.dataset.lines = String(r.rows.reduce((sum, row) => sum + Number(row[2]), 0));
      if (!inner.isConnected) fill(host, inner);
      fill(legend, h('span', { class: 'faint small' }, `lines per ${lengthName(step)}`, partialWords(shown.steps) && h('span', { class: 'hide-s' }, `, ${partialWords(shown.steps)}`)), series.map((line) => h('span', { class: 'key', vars: { '--c': line.colour } }, line.name)));
      watch.redraw();
      return found;
    }, () => h('div', { class: 'skel big' }));
  };
  return { element: h('div', { class: 'hist-box' }, legend, host), read, stop() { load.stop(); watch.stop(); offHover(); } };
}
