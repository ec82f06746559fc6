// @ts-check
// A small Markdown: headings, paragraphs, lists, quotes, code, rules, bold, italic, links. The result is a tree of plain values; whoever draws it
// makes elements and text nodes, so nothing in a text is ever markup of the page.

/** @typedef {string | {kind: 'bold' | 'italic', parts: Inline[]} | {kind: 'code', text: string} | {kind: 'link', href: string, parts: Inline[]}} Inline */
/** @typedef {{kind: 'heading', level: number, parts: Inline[]} | {kind: 'paragraph' | 'quote', parts: Inline[]} | {kind: 'list', ordered: boolean, items: Inline[][]} | {kind: 'code', text: string} | {kind: 'rule'}} Block */

const mostDeep = 6;

/** @param {string} text @returns {Block[]} */
export function parseMarkdown(text) {
  /** @type {Block[]} */
  const blocks = [];
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  let i = 0;
  const gather = (/** @type {(line: string) => boolean} */ belongs) => { const found = []; while (i < lines.length && belongs(lines[i])) { found.push(lines[i]); i += 1; } return found; };
  while (i < lines.length) {
    const line = lines[i], heading = /^(#{1,6})\s+(.*?)\s*#*\s*$/.exec(line);
    if (!line.trim()) { i += 1; continue; }
    if (/^\s*```/.test(line)) {
      i += 1;
      const inside = gather((l) => !/^\s*```\s*$/.test(l));
      i += 1;
      blocks.push({ kind: 'code', text: inside.join('\n') });
    } else if (heading) {
      i += 1;
      blocks.push({ kind: 'heading', level: heading[1].length, parts: inline(heading[2]) });
    } else if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) {
      i += 1;
      blocks.push({ kind: 'rule' });
    } else if (item(line)) {
      const ordered = /^\s*\d/.test(line), items = gather((l) => Boolean(item(l)) || (/^\s{2,}\S/.test(l)));
      /** @type {string[]} */
      const texts = [];
      for (const one of items) { const own = item(one); if (own) texts.push(own[1]); else texts[texts.length - 1] += ` ${one.trim()}`; }
      blocks.push({ kind: 'list', ordered, items: texts.map((t) => inline(t)) });
    } else if (/^\s*>/.test(line)) {
      blocks.push({ kind: 'quote', parts: inline(gather((l) => /^\s*>/.test(l)).map((l) => l.replace(/^\s*>\s?/, '')).join(' ')) });
    } else {
      blocks.push({ kind: 'paragraph', parts: inline(gather((l) => Boolean(l.trim()) && !/^(#{1,6}\s|\s*```|\s*>)/.test(l) && !item(l)).map((l) => l.trim()).join(' ')) });
    }
  }
  return blocks;
}

/** @param {string} line */
function item(line) { return /^\s{0,3}(?:[-*+]|\d{1,9}[.)])\s+(.*)$/.exec(line); }

/** @param {string} href @returns {string | null} the link, if it leads to the web or into these pages */
export function safeLink(href) { return /^(https?:\/\/[^\s]+|\/ui\/[^\s]*|mailto:[^\s@]+@[^\s@]+)$/i.test(href) ? href : null; }

/** @param {string} text @param {number} [depth] @returns {Inline[]} */
export function inline(text, depth = 0) {
  /** @type {Inline[]} */
  const parts = [];
  const mark = /(`+)(.+?)\1|\[([^[\]]*)\]\(([^()\s]*)\)|\*\*(?=\S)(.+?)\*\*|__(?=\S)(.+?)__|\*(?=\S)(.+?)\*|(?<![\p{L}\p{N}])_(?=\S)(.+?)_(?![\p{L}\p{N}])|\\([\\`*_[\]()#>-])|https?:\/\/[^\s<>"')\]]+/gu;
  let from = 0;
  const push = (/** @type {string} */ t) => { if (!t) return; if (typeof parts.at(-1) === 'string') parts[parts.length - 1] += t; else parts.push(t); };
  for (const m of text.matchAll(mark)) {
    push(text.slice(from, m.index));
    from = m.index + m[0].length;
    const inner = (/** @type {string} */ t) => (depth < mostDeep ? inline(t, depth + 1) : [t]);
    if (m[2] !== undefined) parts.push({ kind: 'code', text: m[2].trim() });
    else if (m[4] !== undefined) { const href = safeLink(m[4]); if (href) parts.push({ kind: 'link', href, parts: inner(m[3] || href) }); else push(m[0]); }
    else if (m[5] ?? m[6]) parts.push({ kind: 'bold', parts: inner(m[5] ?? m[6]) });
    else if (m[7] ?? m[8]) parts.push({ kind: 'italic', parts: inner(m[7] ?? m[8]) });
    else if (m[9] !== undefined) push(m[9]);
    else parts.push({ kind: 'link', href: m[0], parts: [m[0]] });
  }
  push(text.slice(from));
  return parts;
}
