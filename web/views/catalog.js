// @ts-check
// What the server knows by name, read once and shared: status, datasets, columns.
import { services } from '../model/palette.js';
import { signal } from '../model/signal.js';
import * as api from '../wire/api.js';

/** @type {import('../model/signal.js').signal} */
export const status = signal(/** @type {any} */ (null));
export const datasets = signal(/** @type {{name: string, events: number, first_us: number, last_us: number}[]} */ ([]));

/** @type {Map<string, {at: number, promise: Promise<{name: string, type: string, events: number, hidden?: boolean}[]>}>} */
const columnsOf = new Map();
const columnsFresh = 30e3; // ms

/** @returns {Promise<void>} never fails: pages tell their own errors */
export async function readCatalog() {
  const [s, d] = await Promise.allSettled([api.status(), api.datasets()]);
  if (s.status === 'fulfilled') status.set(s.value);
  if (d.status === 'fulfilled') learn(d.value.datasets);
}

/** @param {{name: string, events: number, first_us: number, last_us: number}[]} list oldest first, so that every reader gives the same colours */
function learn(list) {
  services.learn([...list].sort((a, b) => a.first_us - b.first_us || a.name.localeCompare(b.name)).map((d) => d.name));
  datasets.set(list);
}

/** @returns {Promise<{name: string, events: number}[]>} */
export async function freshDatasets() {
  const answer = await api.datasets();
  learn(answer.datasets);
  return answer.datasets;
}

/** @param {string} dataset @returns {Promise<{name: string, type: string, events: number, hidden?: boolean}[]>} read anew */
export function freshColumns(dataset) { columnsOf.delete(dataset); return columns(dataset); }

/** @param {string} dataset @returns {Promise<{name: string, type: string, events: number, hidden?: boolean}[]>} */
export function columns(dataset) {
  const known = columnsOf.get(dataset);
  if (known && Date.now() - known.at < columnsFresh) return known.promise;
  const promise = api.columns(dataset).then((answer) => answer.columns);
  columnsOf.set(dataset, { at: Date.now(), promise });
  promise.catch(() => columnsOf.delete(dataset));
  return promise;
}
