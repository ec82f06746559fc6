// @ts-check
// The Insights editor without its page: what to offer at the caret, what to colour, what to draw.

/** @typedef {{commands: string[], functions: string[], statistics: string[], fields: string[]}} Language */

const wordEnd = /[A-Za-z0-9_@.]*$/;

/**
 * What fits at the caret, best first: commands at the start and after a pipe, statistics after `stats`, else fields and functions.
 * @param {string} text @param {number} caret @param {Language} language @param {number} [most]
 * @returns {{from: number, options: {text: string, kind: 'command' | 'function' | 'statistic' | 'field'}[]}}
 */
export function complete(text, caret, language, most = 12) {
  const before = text.slice(0, caret), word = wordEnd.exec(before)?.[0] ?? '', from = caret - word.length;
  const command = lastCommand(before.slice(0, from));
  if (insideText(before)) return { from, options: [] };
  /** @type {{text: string, kind: any}[]} */
  let all;
  if (command === '') all = language.commands.map((name) => ({ text: name, kind: 'command' }));
  else {
    const fields = language.fields.map((name) => ({ text: name, kind: 'field' }));
    const functions = language.functions.map((name) => ({ text: `${name}(`, kind: 'function' }));
    const statistics = command === 'stats' ? language.statistics.map((name) => ({ text: `${name}(`, kind: 'statistic' })) : [];
    all = [...statistics, ...fields, ...functions];
  }
  const wanted = word.toLowerCase();
  // A command is known by how it begins; of a field or a function any part will do.
  const rank = (/** @type {{text: string, kind: string}} */ { text: name, kind }) => {
    const at = name.toLowerCase().indexOf(wanted);
    return at < 0 || at > 0 && kind === 'command' ? Infinity : at;
  };
  const options = all.map((option, i) => ({ option, i, r: rank(option) })).filter((x) => x.r < Infinity && x.option.text !== word)
    .sort((a, b) => a.r - b.r || a.i - b.i).slice(0, most).map((x) => x.option);
  return { from, options: word || command === '' || /[\s(,|]$/.test(before) ? options : [] };
}

/** @param {string} before @returns {string} the command that the caret is in; '' where one is expected */
function lastCommand(before) {
  const part = before.replace(/#[^\n]*/g, '').replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""').split('|').at(-1) ?? '';
  return /^\s*([A-Za-z]+)\s/.exec(part)?.[1].toLowerCase() ?? '';
}

/** @param {string} before @returns {boolean} whether a string is open at the end */
function insideText(before) {
  let quote = '';
  for (let i = 0; i < before.length; i += 1) {
    const c = before[i];
    if (quote) { if (c === '\\') i += 1; else if (c === quote) quote = ''; } else if (c === '"' || c === '\'') quote = c;
  }
  return quote !== '';
}

/**
 * The text in pieces with their kinds, for colouring.
 * @param {string} text @param {Language} language @returns {{text: string, kind: '' | 'k' | 's' | 'n' | 'c'}[]}
 */
export function pieces(text, language) {
  const words = new Set([...language.commands.map((c) => c.toLowerCase()), 'by', 'as', 'and', 'or', 'not', 'like', 'in', 'desc', 'asc', 'source', 'into', 'where']);
  const found = [];
  const token = /(#[^\n]*)|("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|(?<=like\s|=~\s?|parse\s[^|]*\s)\/(?:[^/\\\n]|\\.)*\/?)|(\b\d[\w.]*)|([A-Za-z_@][\w@.]*)|([\s\S])/g;
  for (const match of text.matchAll(token)) {
    const [all, comment, string, number, word] = match;
    const kind = comment ? 'c' : string ? 's' : number ? 'n' : word && words.has(word.toLowerCase()) ? 'k' : '';
    const last = found.at(-1);
    if (last && last.kind === kind) last.text += all; else found.push({ text: all, kind });
  }
  return /** @type {any} */ (found);
}

/**
 * Series of an answer to `stats … by bin(…)`: the time column, the other groups as names, the numbers as values.
 * @param {string[]} columns @param {(string | null)[][]} rows @param {string} [wanted] the column to draw @param {string[]} [named] names that the query gives to what it counts
 * @returns {{startUs: number, stepUs: number, count: number, series: {name: string, values: (number | null)[]}[], column: string, columns: string[]} | null}
 */
export function chart(columns, rows, wanted = '', named = []) {
  const time = columns.findIndex((name) => /^(bin|datefloor)\(/.test(name) || rows.length > 1 && name !== '@timestamp' && !name.includes('(') && rows.every((row) => isTime(row[columns.indexOf(name)])));
  if (time < 0 || rows.length < 2) return null;
  // Groups come before what is counted: a number before the first `name(…)`, or name that the query gives, is a group, such as a status.
  const counted = columns.findIndex((name, i) => i > time && (name.includes('(') || named.includes(name)));
  const numeric = columns.map((_, i) => i).filter((i) => i !== time && !(i > time && i < counted) && rows.some((row) => row[i] !== null)
    && rows.every((row) => row[i] === null || row[i] !== '' && Number.isFinite(Number(row[i]))));
  const last = columns.length - 1, values = numeric.filter((i) => i > time || numeric.length === 1);
  if (!values.length && !numeric.includes(last)) return null;
  const value = values.find((i) => columns[i] === wanted) ?? values[0] ?? last;
  const groups = columns.map((_, i) => i).filter((i) => i !== time && !numeric.includes(i));
  const times = rows.map((row) => timeUs(row[time] ?? ''));
  const sorted = [...new Set(times)].sort((a, b) => a - b);
  const stepUs = Math.min(...sorted.slice(1).map((t, i) => t - sorted[i]), ...(sorted.length > 1 ? [] : [60e6]));
  const startUs = sorted[0], count = Math.min(2000, Math.round((sorted[sorted.length - 1] - startUs) / stepUs) + 1);
  /** @type {Map<string, (number | null)[]>} */
  const series = new Map();
  rows.forEach((row, i) => {
    const name = groups.map((g) => row[g] ?? '(none)').join(', ') || columns[value];
    if (!series.has(name)) series.set(name, new Array(count).fill(null));
    const at = Math.round((times[i] - startUs) / stepUs);
    if (at < count) /** @type {any} */ (series.get(name))[at] = row[value] === null ? null : Number(row[value]);
  });
  return { startUs, stepUs, count, column: columns[value], columns: values.map((i) => columns[i]),
    series: [...series].map(([name, list]) => ({ name, values: list })) };
}

/** @param {string} query @returns {string[]} the names that its stats give to what they count */
export function givenNames(query) {
  return [...query.matchAll(/\bstats\b([^|]*?)(?:\bby\b|\||$)/gi)].flatMap(([, counts]) => [...counts.matchAll(/\bas\s+(?:`([^`]+)`|([\w@.]+))/gi)].map(([, quoted, plain]) => quoted ?? plain));
}

/** @param {string | null | undefined} text */
function isTime(text) { return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/.test(text ?? ''); }

/** @param {string} text 2023-08-01 00:00:00.000 in UTC @returns {number} Unix microseconds */
export function timeUs(text) { return Date.parse(`${text.replace(' ', 'T')}Z`) * 1000; }

/** @param {Record<string, unknown>} fields @returns {'E' | 'W' | 'I' | 'D' | ''} how grave a line is */
export function level(fields) {
  const text = String(fields.severity ?? fields.level ?? fields['severity (field)'] ?? fields.severity_text ?? '').toLowerCase();
  if (/^(err|fatal|crit|sev|emerg|panic|alert)/.test(text)) return 'E';
  if (/^warn/.test(text)) return 'W';
  if (/^(info|notice)/.test(text)) return 'I';
  if (/^(debug|trace|verbose)/.test(text)) return 'D';
  const named = /"(?:level|severity|lvl)"\s*:\s*"(\w+)"/i.exec(String(fields.body ?? '').slice(0, 2000));
  if (named && !fields.level) return level({ level: named[1] });
  if (/(^|\n)(Traceback \(most recent call last\):|panic: |\s+at [\w.$<>]+.*\(.*\))/.test(String(fields.body ?? '').slice(0, 2000))) return 'E';
  const found = /\b(ERROR|FATAL|CRITICAL|WARN(?:ING)?|INFO|DEBUG)\b/.exec(String(fields.body ?? '').slice(0, 120))?.[1] ?? '';
  return /** @type {any} */ ({ E: 'E', F: 'E', C: 'E', W: 'W', I: 'I', D: 'D' }[found[0]] ?? '');
}

/** @param {string} text of a field @returns {string} as a string of the language */
export function quoted(text) { return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`; }

/** @param {string} name @returns {string} in backticks where the language needs them */
export function fieldName(name) { return /^[@A-Za-z_][\w@]*(\.\w+)*$/.test(name) ? name : `\`${name}\``; }

/** @param {string} pattern @returns {string} a condition for the lines of a pattern: its longest constant parts in order */
export function patternCondition(pattern) {
  const escape = (/** @type {string} */ text) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  return `@message like /${pattern.split('<*>').map((part) => escape(part).replace(/ +/g, ' +')).join('.+')}/`;
}

/**
 * What a refusal of the language says: its place in the query, its words, and what was probably meant.
 * @param {string} message as "unknown command 'stat': (29-33)" @param {Language} language
 * @returns {{from: number, to: number, text: string, instead: string} | null} null where it names no place
 */
export function problem(message, language) {
  const [, text, from, to] = /^(.*?):? \((\d+)-(\d+)\)\.?$/s.exec(message) ?? [];
  if (text === undefined) return null;
  const [, kind, word] = /^unknown (command|function) '([^']*)'/.exec(text) ?? [];
  const words = kind === 'command' ? language.commands : kind ? [...language.functions, ...language.statistics] : [];
  const near = words.map((w) => ({ w, d: distance(w.toLowerCase(), word.toLowerCase()) })).sort((a, b) => a.d - b.d)[0];
  return { from: Number(from), to: Number(to), text, instead: near && near.d <= Math.max(1, Math.floor(word.length / 3)) ? near.w : '' };
}

/** @param {string} a @param {string} b @returns {number} how many letters are added, taken away or changed */
function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length];
}

const stages = /\|(?=(?:[^"'/]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\/(?:[^/\\\n]|\\.)*\/)*$)/;
const markFields = ['severity', 'trace.trace_id'];

/**
 * A query for lines as they are asks for each line's level and trace as well, at its end, so that places in it stay what they are.
 * @param {string} query @returns {string} the query itself where its rows are something else than times and messages
 */
export function withMarks(query) {
  const parts = query.split(stages).map((part) => part.trim()), shown = parts.filter((part) => /^fields\s/i.test(part));
  const isPlain = !query.includes('#') && shown.length === 1 && /^fields\s+@timestamp\s*,\s*@message$/i.test(shown[0]) && parts.every((part) => /^(fields|filter|sort|limit)\s/i.test(part));
  return isPlain ? `${query} | fields ${markFields.join(', ')}` : query;
}

/**
 * Takes the level and the trace out of the rows again.
 * @template {{columns: string[], rows: (string | null)[][]}} R @param {R} results of `withMarks` @returns {R & {marks?: {severity: string | null, trace: string | null}[]}}
 */
export function takeMarks(results) {
  if (results.columns.slice(2).join() !== markFields.join()) return results;
  return { ...results, columns: results.columns.slice(0, 2), rows: results.rows.map((row) => row.slice(0, 2)), marks: results.rows.map((row) => ({ severity: row[2], trace: row[3] })) };
}
