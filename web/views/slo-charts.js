// @ts-check
// How the budget was spent over the period, and the compliance over the period before each instant.
import { budgetChart } from '../charts/budget.js';
import { drawn } from '../charts/svg.js';
import { chartRange, percentText, percentTick, targetText } from '../model/slos.js';
import { clock } from '../model/time.js';
import { hovered } from './chart-hover.js';
import { fill, h } from './dom.js';
import { utc } from './router.js';

/** @param {import('../wire/slos.js').Detail} detail @returns {{element: HTMLElement, stop: () => void}} */
export function chartPanels(detail) {
  const { slo } = detail, target = slo.target_per_million / 10_000, least = Math.min(0, ...detail.burn_down.map((p) => p[1]));
  const history = chartRange(detail.history, target);
  const burn = chart('Error budget', 'what was left of it, through the period', detail, detail.burn_down, { low: least < 0 ? least * 1.1 : 0, high: 100, mark: 0, markText: '', points: 'Budget' });
  const past = chart('Compliance', `over the ${slo.time_period_days === 1 ? 'day' : `${slo.time_period_days} days`} before each instant`, detail, detail.history, { ...history, mark: target, markText: `target ${targetText(slo.target_per_million)}`, points: 'Compliance' });
  return { element: h('div', { class: 'grid lines' }, burn.element, past.element), stop() { burn.stop(); past.stop(); } };
}

/** @param {string} title @param {string} sub @param {import('../wire/slos.js').Detail} detail @param {[number, number][]} points @param {any} options */
function chart(title, sub, detail, points, options) {
  const inner = h('div', { class: 'chart-in' }), hair = h('div', { class: 'hair', hidden: true }), tip = h('div', { class: 'tip', hidden: true });
  const host = h('div', { class: 'chart line-chart slo-chart' }, inner, hair, tip), id = `slo-${title.replace(/\W/g, '-').toLowerCase()}`;
  /** @type {import('../charts/line.js').Frame | null} */
  let frame = null;
  const last = points.at(-1), label = `${title} in percent over the period${last ? `, ${percentText(last[1])} now` : ''}`;
  const watch = drawn(host, () => { frame = budgetChart(inner, points, { startUs: detail.start_us, endUs: detail.end_us, format: percentTick, label, utc: utc.get(), ...options }); });
  const off = hovered.subscribe((us) => {
    const at = us == null || !frame || !points.length ? null : points[frame.step(frame.at(us))];
    hair.hidden = tip.hidden = at == null;
    if (!at || !frame) return;
    const px = frame.at(at[0]), half = px > (frame.left + frame.right) / 2;
    hair.style.setProperty('left', `${px}px`);
    fill(tip, h('b', {}, clock(at[0], utc.get(), 'minute')), h('dl', {}, h('dt', {}, options.points), h('dd', {}, percentText(at[1]))));
    tip.style.setProperty('left', half ? 'auto' : `${px + 12}px`);
    tip.style.setProperty('right', half ? `${host.clientWidth - px + 12}px` : 'auto');
    tip.style.setProperty('top', '8px');
  });
  host.addEventListener('pointermove', (/** @type {PointerEvent} */ e) => { if (frame) hovered.set(frame.back(Math.min(frame.right, Math.max(frame.left, e.clientX - host.getBoundingClientRect().left)))); });
  host.addEventListener('pointerleave', () => hovered.set(null));
  return { element: h('section', { class: 'panel', 'aria-labelledby': id }, h('header', {}, h('h2', { id }, title), h('span', { class: 'sub' }, sub)), h('div', { class: 'pad' }, points.length ? host : h('p', { class: 'faint' }, 'No event has counted yet.'))), stop() { watch.stop(); off(); } };
}
