// @ts-check
// Boards, by Honeycomb's API; what a board's panels show comes with it from Cairn's own.
import { ask, get } from './http.js';

/** @typedef {{x_coordinate: number, y_coordinate: number, width: number, height: number}} Position */
/** @typedef {{type: 'query' | 'slo' | 'text', position: Position, query_panel?: {query_id: string, query_annotation_id?: string, query_style: string, dataset?: string, visualization_settings?: any},
 *   slo_panel?: {slo_id: string}, text_panel?: {content: string}}} Panel */
/** @typedef {{id: string, name: string, description: string, panels: Panel[], preset_filters?: {column: string, alias: string}[], tags?: {key: string, value: string}[], updated_at: string}} Board */
/** @typedef {{id: string, name: string, filters: {column: string, operation: string, value?: unknown}[]}} View */
/** @typedef {{id: string, dataset: string, name: string, description: string, query: any}} SavedQuery */

const json = { 'Content-Type': 'application/json', Accept: 'application/json' };
const send = (/** @type {string} */ method, /** @type {string} */ path, /** @type {unknown} */ body) => ask(path, { method, body: body === undefined ? undefined : JSON.stringify(body), headers: json });

/** @param {AbortSignal} [signal] @returns {Promise<Board[]>} */
export function boards(signal) { return ask('/1/boards', { signal, headers: json }); }
/** @param {string} id @param {AbortSignal} [signal] @returns {Promise<{board: Board, views: View[], queries: SavedQuery[]}>} */
export function board(id, signal) { return get(`boards/${encodeURIComponent(id)}`, {}, signal); }
/** @param {object} board @returns {Promise<Board>} */
export function createBoard(board) { return send('POST', '/1/boards', board); }
/** @param {string} id @param {object} change @returns {Promise<Board>} */
export function changeBoard(id, change) { return send('PUT', `/1/boards/${encodeURIComponent(id)}`, change); }
/** @param {string} id @returns {Promise<any>} */
export function deleteBoard(id) { return send('DELETE', `/1/boards/${encodeURIComponent(id)}`, undefined); }

/**
 * A panel of a question: the question is kept, and named.
 * @param {string} dataset @param {object} query @param {string} name @returns {Promise<Omit<Panel, 'position'>>}
 */
export async function queryPanel(dataset, query, name) {
  const place = encodeURIComponent(dataset), saved = await send('POST', `/1/queries/${place}`, query);
  const named = await send('POST', `/1/query_annotations/${place}`, { name, query_id: saved.id });
  return { type: 'query', query_panel: { query_id: saved.id, query_annotation_id: named.id, query_style: 'graph' } };
}
