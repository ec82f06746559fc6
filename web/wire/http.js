// @ts-check
// The only door to the network. An error carries what happened in words that a reader can act on.

import { readJSON } from '../model/json.js';
import { keyHeaders } from './key.js';

/** @typedef {Error & {status: number, field?: string, kind: 'offline' | 'answer' | 'shape'}} WireError */

const prefix = '/api/cairn/';

/** @param {'offline' | 'answer' | 'shape'} kind @param {string} message @param {number} status @param {string} [field] @returns {WireError} */
function failure(kind, message, status, field) { return Object.assign(new Error(message), { kind, status, field }); }

/**
 * @param {string} path below /api/cairn/
 * @param {Record<string, string | number | boolean | undefined | null>} [params]
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export function get(path, params = {}, signal) {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) if (value !== undefined && value !== null && value !== '') search.set(key, String(value));
  return ask(`${prefix}${path}${search.size ? `?${search}` : ''}`, { signal, headers: { Accept: 'application/json' } });
}

/** @param {string} path below /api/cairn/ @param {unknown} body @param {AbortSignal} [signal] @returns {Promise<any>} */
export function post(path, body, signal) {
  return ask(`${prefix}${path}`, { method: 'POST', signal, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json',
    Accept: 'application/json' } });
}

/** What an answer says went wrong: Honeycomb's names the fields apart. @param {any} answer @returns {string | undefined} */
function inWords(answer) {
  const details = Array.isArray(answer.type_detail) ? answer.type_detail.map((/** @type {any} */ d) => (d.field ? `${d.field}: ${d.description}` : d.description)) : [];
  return details.length ? `${details.join('; ')}.` : answer.error ?? answer.Message;
}

/** @param {string} url @param {RequestInit} init @returns {Promise<any>} */
export async function ask(url, init) {
  let response, text;
  try { // it can be gone between the head of an answer and its end, too
    response = await fetch(url, { ...init, headers: { ...init.headers, ...keyHeaders() }, credentials: 'same-origin', cache: 'no-store' });
    text = await response.text();
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw failure('offline', 'Cairn does not answer.', 0);
  }
  let answer;
  try { answer = text ? readJSON(text) : {}; } catch {
    throw failure('shape', response.ok ? 'The answer is no JSON.' : `Status ${response.status}.`, response.status);
  }
  if (!response.ok) throw failure('answer', inWords(answer) ?? `Status ${response.status}.`, response.status, answer.field);
  return answer;
}

/**
 * Reads a stream of server-sent events to its end; an EventSource could not show a key.
 * @param {string} url @param {AbortSignal} signal @param {{open: () => void, message: (event: string, data: any) => void}} handlers event: '' where it has no name
 */
export async function follow(url, signal, handlers) {
  const response = await fetch(url, { signal, headers: { Accept: 'text/event-stream', ...keyHeaders() }, credentials: 'same-origin', cache: 'no-store' });
  if (!response.ok || !response.body || !/^text\/event-stream/.test(response.headers.get('content-type') ?? '')) throw failure('answer', `Status ${response.status}.`, response.status);
  handlers.open();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = '';;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (text + value).split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const part = (/** @type {string} */ name) => block.split('\n').filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trimStart()).join('\n');
      const data = part('data');
      if (data) handlers.message(part('event'), readJSON(data));
    }
  }
}

/** @param {unknown} error @returns {boolean} */
export function isAbort(error) { return error instanceof DOMException && error.name === 'AbortError'; }
