// @ts-check
// The access key that this browser shows the server, where the server wants one. It is kept in this browser alone.
const place = 'cairn.key';

let key = read();

function read() { try { return localStorage.getItem(place) ?? ''; } catch { return ''; } }

/** @returns {Record<string, string>} what a request says of the key; nothing where there is none */
export function keyHeaders() { return key ? { 'x-honeycomb-team': key } : {}; }
/** @returns {boolean} */
export function hasKey() { return key !== ''; }
/** @param {string} text an empty one forgets the key */
export function setKey(text) {
  key = text.trim();
  try { if (key) localStorage.setItem(place, key); else localStorage.removeItem(place); } catch { /* a closed storage: it is gone with the page */ }
}
