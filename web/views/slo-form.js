// @ts-check
// A new objective: which events are good, which share of them has to be, over how many days.
import { icon } from '../charts/svg.js';
import { plural, whole } from '../model/format.js';
import { namedIn } from '../model/columns.js';
import { onlyWith, percentText, readTarget } from '../model/slos.js';
import * as wire from '../wire/slos.js';
import { datasets } from './catalog.js';
import { fill, h, say } from './dom.js';
import { field, select } from './forms.js';
import { dataset, go, link } from './router.js';
import { teach } from './teach.js';

const patience = 400; // ms after the last key
const fresh = '(a new formula)';
const example = 'IF(EQUALS($name, "GET /cart"), LT($duration_ms, 500))';

const head = () => h('div', { class: 'head' }, h('a', { class: 'btn ghost sq', href: link('/ui/slos'), 'aria-label': 'All SLOs' }, icon('left')), h('h1', {}, 'New SLO'));

/** @param {HTMLElement} host @returns {import('../app.js').Page} the form, as soon as there is something to promise about */
export function sloForm(host) {
  if (datasets.get().length) return form(host);
  fill(host, head(), teach('No event has come yet.', ['An SLO promises something of the events of a dataset, and there is none. Set this in the environment of a service and start it again:']));
  let page = /** @type {import('../app.js').Page | null} */ (null);
  const stop = datasets.subscribe((all) => { if (all.length) page ??= form(host); });
  return { update() {}, close() { stop(); page?.close(); } };
}

/** @param {HTMLElement} host @returns {import('../app.js').Page} */
function form(host) {
  const names = datasets.get().map((d) => d.name), first = names.includes(dataset()) ? dataset() : names[0] ?? '';
  const trouble = h('div', { class: 'trouble' }), tried = h('div', { class: 'slo-tried small', role: 'status' }), picks = h('span', {}), own = h('div', { class: 'stack' });
  const formula = h('textarea', { name: 'expression', rows: 4, spellcheck: false, maxlength: 4095, placeholder: example, 'aria-label': 'Formula', required: true });
  const alias = h('input', { name: 'alias', maxlength: 255, spellcheck: false, placeholder: 'cart_is_fast', required: true });
  const which = select('dataset', Object.fromEntries(names.map((n) => [n, n])), first, () => { columns(); preview(); });
  /** @type {wire.DerivedColumn[]} */
  let known = [];
  let chosen = fresh, timer = 0, asked = new AbortController();
  const expression = () => (chosen === fresh ? formula.value : known.find((c) => c.id === chosen)?.expression ?? '');
  const preview = () => {
    clearTimeout(timer);
    timer = window.setTimeout(async () => {
      asked.abort();
      asked = new AbortController();
      if (!expression().trim() || !which.value) { fill(tried); return; }
      try {
        const found = await wire.preview(which.value, expression(), asked.signal);
        fill(tried, told(found));
        if (chosen === fresh && found.bad) tried.append(...await without(which.value, expression(), found.bad, asked.signal, (next) => { formula.value = next; preview(); }));
      } catch (error) { if (!asked.signal.aborted) fill(tried, h('span', { class: 't-err' }, /** @type {Error} */ (error).message)); }
    }, patience);
  };
  const choose = (/** @type {string} */ id) => {
    chosen = id;
    formula.disabled = alias.disabled = id !== fresh;
    fill(own, id === fresh ? [field('Formula: true is good, false is bad, null does not count', h('span', { class: 'input tall' }, formula)), field('Its name, for other questions', h('span', { class: 'input' }, alias))] : h('code', { class: 'slo-formula' }, expression()));
    preview();
  };
  const columns = async () => {
    known = which.value ? await wire.derivedColumns(which.value).catch(() => []) : [];
    fill(picks, select('column', { [fresh]: 'a new formula', ...Object.fromEntries(known.map((c) => [c.id, c.alias])) }, fresh, choose));
    choose(fresh);
  };
  formula.addEventListener('input', preview);
  const element = h('form', { class: 'panel slo-form', 'aria-label': 'New SLO' },
    h('section', { class: 'stack' }, h('h2', {}, 'Which events are good?'), h('div', { class: 'row wrap' }, field('Dataset', which), field('Derived column', picks)), own, tried),
    h('section', { class: 'stack' }, h('h2', {}, 'What is promised?'), h('div', { class: 'row wrap' },
      field('Good are at least', h('span', { class: 'input' }, h('input', { name: 'target', required: true, inputmode: 'decimal', value: '99.9 %' }))),
      field('over the last', select('days', Object.fromEntries([1, 7, 14, 28, 30, 60, 90].map((n) => [String(n), plural(n, 'day')])), '30')))),
    h('section', { class: 'stack' }, h('h2', {}, 'What is it called?'), field('Name', h('span', { class: 'input' }, h('input', { name: 'name', required: true, maxlength: 120, placeholder: 'Carts open fast' }))),
      field('Description', h('span', { class: 'input' }, h('input', { name: 'description', maxlength: 1023 })))),
    trouble, h('div', { class: 'row end-row' }, h('a', { class: 'btn ghost', href: link('/ui/slos') }, 'Cancel'), h('button', { class: 'btn pri', type: 'submit' }, 'Keep the SLO')));
  element.addEventListener('submit', async (/** @type {Event} */ event) => {
    event.preventDefault();
    const values = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(element))), target = readTarget(values.target);
    if (target === null) { fill(trouble, h('p', { class: 't-err', role: 'alert' }, 'The share of good events is from 0 up to less than 100 %.')); return; }
    try {
      const column = known.find((c) => c.id === chosen) ?? known.find((c) => c.alias === values.alias && c.expression === values.expression)
        ?? await wire.createDerivedColumn(which.value, { alias: values.alias.trim(), expression: values.expression });
      if (!known.includes(column)) known.push(column);
      const slo = await wire.createSLO(which.value, { name: values.name, description: values.description, sli: { alias: column.alias }, time_period_days: Number(values.days), target_per_million: target });
      say('The SLO is kept');
      go(link(`/ui/slos/${slo.id}`));
    } catch (error) { fill(trouble, h('p', { class: 't-err', role: 'alert' }, /** @type {Error} */ (error).message)); }
  });
  fill(host, head(), element);
  columns();
  return { update() {}, close() { clearTimeout(timer); asked.abort(); } };
}

/**
 * A word on bad events that are bad only because they lack a column, as metrics lack a duration.
 * @param {string} dataset @param {string} expression @param {number} bad @param {AbortSignal} signal @param {(next: string) => void} use @returns {Promise<HTMLElement[]>}
 */
async function without(dataset, expression, bad, signal, use) {
  const names = namedIn(expression);
  if (!names.length) return [];
  const next = onlyWith(expression, names), lacking = bad - (await wire.preview(dataset, next, signal)).bad;
  return lacking > 0 ? [h('div', { class: 'row wrap' }, h('span', { class: 't-warn' }, `${whole(lacking)} of the bad ones lack ${names.length > 1 ? `one of ${names.join(', ')}` : names[0]}: they may be no requests at all.`),
    h('button', { class: 'btn sm', type: 'button', onclick: () => use(next) }, 'Do not count them'))] : [];
}

/** @param {{good: number, bad: number, uncounted: number}} found */
function told({ good, bad, uncounted }) {
  const all = good + bad;
  if (!all) return h('span', { class: 't-warn' }, `No event of the last day counts${uncounted ? `: the formula is null for all ${whole(uncounted)}` : ', there is none'}.`);
  return [h('b', {}, percentText(good / all * 100)), ` of the last day's ${plural(all, 'event')} that count were good: `, h('span', { class: bad ? 't-err' : '' }, `${whole(bad)} bad`), uncounted ? `; ${whole(uncounted)} do not count.` : '.'];
}
