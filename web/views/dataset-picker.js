// @ts-check
import { ago, plural } from '../model/format.js';
import { everything } from '../wire/api.js';
import { datasets, freshDatasets, status } from './catalog.js';
import { combo, rank } from './combo.js';
import { byID, fill, h, service } from './dom.js';
import { popover } from './popover.js';
import { dataset, patch, place } from './router.js';

export function startDatasetPicker() {
  byID('dataset').addEventListener('click', open);
  place.subscribe(show);
  status.subscribe(show);
  show();
}

function show() {
  const name = dataset();
  fill(byID('env'), status.get()?.environment ?? 'default', ' /');
  fill(byID('dataset-name'), name === everything ? 'all datasets' : service(name));
  byID('dataset').setAttribute('aria-label', `Dataset: ${name === everything ? 'all' : name}`);
}

function open() {
  popover(byID('dataset'), 'Dataset', (close) => {
    const pick = (/** @type {string} */ name) => { close(); patch({ ds: name === everything ? null : name }); };
    const field = combo({ label: 'Dataset', placeholder: 'Find a dataset', pick, options: (text) => [
      ...(text ? [] : [{ value: everything, text: 'all datasets' }]),
      ...datasets.get().map((d) => ({ d, r: rank(d.name, text) })).filter((x) => x.r >= 0).sort((a, b) => a.r - b.r || b.d.events - a.d.events)
        .map(({ d }) => ({ value: d.name, note: `${plural(d.events, 'event')}, ${ago(d.last_us, Date.now() * 1000)}`, swatch: swatch(d.name) })),
    ] });
    freshDatasets().then(() => field.refresh(), () => {});
    return h('div', { class: 'stack' }, field.element, !datasets.get().length && h('p', { class: 'small dim' },
      'No dataset yet: the first event makes one.'));
  }, 400);
}

/** @param {string} name */
function swatch(name) { const element = service(name); element.replaceChildren(); return element; }
