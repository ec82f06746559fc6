// @ts-check
// What an occurrence's payload says, made ready for a page. Pure.

/** @typedef {{file: string, function: string, verdict: string, index: number, line: number}} Frame */
/** @typedef {{kind: 'frame', frame: Frame} | {kind: 'fold', frames: Frame[], name: string}} Row */

/** Frames of the program itself. @param {Frame} frame */
export function isOwn(frame) { return frame.verdict === 'in-app'; }

/**
 * The stack, most recent call first; neighbours that are not the program's own fold into one row.
 * @param {Frame[]} frames innermost last @param {boolean} all whether nothing folds @returns {Row[]}
 */
export function stackRows(frames, all) {
  /** @type {Row[]} */
  const rows = [];
  for (const frame of [...frames].reverse()) {
    const last = rows.at(-1);
    if (all || isOwn(frame)) rows.push({ kind: 'frame', frame });
    else if (last?.kind === 'fold') last.frames.push(frame);
    else rows.push({ kind: 'fold', frames: [frame], name: '' });
  }
  for (const row of rows) if (row.kind === 'fold') row.name = foldName(row.frames);
  return rows;
}

/** @param {Frame[]} frames @returns {string} the packages they belong to */
function foldName(frames) {
  const names = new Set(frames.map((f) => /(?:site-packages|dist-packages|node_modules|gems)\/([^/]+)/.exec(f.file)?.[1]?.replace(/\.py$/, '')).filter(Boolean));
  if (names.size) return `of ${[...names].slice(0, 3).join(', ')}`;
  return frames.every((f) => f.verdict.startsWith('recursion')) ? 'of the recursion' : 'of libraries';
}

/** @param {any} data a payload @returns {any[]} its exceptions as sent, outermost first */
export function traces(data) {
  const body = data?.body ?? {};
  if (Array.isArray(body.trace_chain)) return body.trace_chain.filter((/** @type {any} */ t) => t && typeof t === 'object');
  return body.trace && typeof body.trace === 'object' ? [body.trace] : [];
}

/** @param {any} sent a frame as it was sent @returns {{number: number, text: string, hit: boolean}[]} its source lines */
export function sourceLines(sent) {
  if (!sent || typeof sent.code !== 'string') return [];
  const lines = (/** @type {any} */ list) => (Array.isArray(list) ? list.filter((l) => typeof l === 'string') : []);
  const before = lines(sent.context?.pre), behind = lines(sent.context?.post), at = Number(sent.lineno) || 0;
  return [...before.map((text, i) => ({ number: at - before.length + i, text, hit: false })), { number: at, text: sent.code, hit: true },
    ...behind.map((text, i) => ({ number: at + 1 + i, text, hit: false }))];
}

/** @param {unknown} value @param {number} [most] @returns {string} a local's value on one line */
export function localText(value, most = 160) {
  const text = typeof value === 'string' ? value : JSON.stringify(value) ?? '';
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

const quote = (/** @type {string} */ text) => `'${text.replaceAll("'", "'\\''")}'`;
const secret = /authorization|cookie|token|secret|password/i;

/**
 * The request again, as a curl command. Headers that carry credentials, and those that curl sets itself, are left out.
 * @param {any} request @returns {string} empty where there is no URL
 */
export function curlOf(request) {
  if (!request || typeof request.url !== 'string' || !request.url) return '';
  const method = typeof request.method === 'string' && request.method ? request.method : 'GET', words = ['curl', quote(request.url)];
  if (method !== 'GET') words.push('-X', quote(method));
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    if (typeof value !== 'string' || secret.test(name) || /^(host|content-length|connection|accept-encoding)$/i.test(name) || /^\*+$/.test(value)) continue;
    words.push('-H', quote(`${name}: ${value}`));
  }
  const body = request.body ?? request.json, form = request.POST;
  if (typeof body === 'string' && body) words.push('--data-raw', quote(body));
  else if (body && typeof body === 'object' && Object.keys(body).length) words.push('--data-raw', quote(JSON.stringify(body)));
  else if (form && typeof form === 'object') for (const [name, value] of Object.entries(form)) words.push('--data-urlencode', quote(`${name}=${localText(value, 2000)}`));
  return words.join(' ');
}

/** @param {any} data a payload @returns {{us: number, kind: string, level: string, text: string}[]} what happened before, oldest first */
export function telemetry(data) {
  const list = data?.body?.telemetry;
  if (!Array.isArray(list)) return [];
  return list.filter((e) => e && typeof e === 'object').slice(-100).map((e) => ({ us: (Number(e.timestamp_ms) || 0) * 1000, kind: String(e.type ?? 'log'),
    level: String(e.level ?? ''), text: telemetryText(e) })).sort((a, b) => a.us - b.us);
}

/** @param {any} event */
function telemetryText(event) {
  const body = event.body ?? {};
  if (event.type === 'network') return `${body.method ?? ''} ${body.url ?? ''} ${body.status_code ?? ''}`.trim();
  if (event.type === 'navigation') return `${body.from ?? ''} to ${body.to ?? ''}`;
  if (typeof body.message === 'string') return body.message;
  return localText(body, 300);
}

/**
 * How a value's share differs, for the page's "why".
 * @param {{name: string, values: {value: any, selection: number, baseline: number}[]}} column @param {number} selection @param {number} baseline counts of both sides; what one of several has tells nothing of the others
 * @returns {{name: string, value: any, mine: number, other: number} | null} shares of 1; null where nothing tells
 */
export function telling(column, selection, baseline) {
  if (!selection || !baseline) return null;
  const best = column.values.map((v) => ({ name: column.name, value: v.value, seen: v.selection, mine: v.selection / selection, other: v.baseline / baseline }))
    .filter((v) => v.value !== null && (v.seen > 1 || selection === 1)).sort((a, b) => (b.mine - b.other) - (a.mine - a.other))[0];
  return best && best.mine - best.other > 0.05 ? { name: best.name, value: best.value, mine: best.mine, other: best.other } : null;
}
