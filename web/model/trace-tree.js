// @ts-check
// A trace as a tree of rows. Spans come parents before children; what does not fit (late, missing or cyclic parents, a child outside its
// parent) is kept and said.

/** @typedef {{id: string, parent: string | null, dataset: string, service: string, name: string, title?: string, kind: string, offset_ns: number,
 *   duration_ns: number, error: boolean, status_message: string | null, sample_rate: number, no_end?: boolean, in_progress?: boolean, doors?: string[], fields?: Record<string, unknown>}} Span  doors where it came through two */
/** @typedef {{span: Span, index: number, depth: number, children: Node[], parentNode: Node | null, orphan: boolean, outside: boolean,
 *   selfNs: number, size: number, errorsBelow: number}} Node  size counts the node and all below */

/** @param {Span[]} spans @returns {{roots: Node[], nodes: Map<string, Node>, orphans: number, outside: number, endless: number, earlyNs: number}} earlyNs: the most by which a span begins before its parent */
export function build(spans) {
  /** @type {Map<string, Node>} */
  const nodes = new Map();
  spans.forEach((span, index) => {
    const key = nodes.has(span.id) ? `${span.id}/${index}` : span.id; // the same id twice: both are shown
    nodes.set(key, { span, index, depth: 0, children: [], parentNode: null, orphan: false, outside: false, selfNs: 0, size: 1, errorsBelow: 0 });
  });
  const roots = [];
  for (const node of nodes.values()) {
    const parent = node.span.parent ? nodes.get(node.span.parent) : undefined;
    if (parent && parent !== node && !isBelow(parent, node)) {
      node.parentNode = parent;
      parent.children.push(node);
    } else {
      node.orphan = Boolean(node.span.parent);
      roots.push(node);
    }
  }
  const order = depthFirst(roots);
  for (const node of order) node.depth = node.parentNode ? node.parentNode.depth + 1 : 0;
  let outside = 0, earlyNs = 0;
  for (let i = order.length - 1; i >= 0; i -= 1) {
    const node = order[i], up = node.parentNode;
    node.selfNs = selfTime(node);
    if (!up) continue;
    up.size += node.size;
    up.errorsBelow += node.errorsBelow + (node.span.error ? 1 : 0);
    node.outside = node.span.offset_ns < up.span.offset_ns || (!isEndless(up.span) && end(node.span) > end(up.span)); // what has no end ends after nothing
    if (node.outside) outside += 1;
    earlyNs = Math.max(earlyNs, up.span.offset_ns - node.span.offset_ns);
  }
  return { roots, nodes, orphans: roots.filter((r) => r.orphan).length, outside, endless: spans.filter((span) => span.no_end).length, earlyNs };
}

/** @param {Span} span @returns {boolean} whether nobody knows how long it took */
export function isEndless(span) { return Boolean(span.no_end || span.in_progress); }

/** @param {Span} span @returns {number} ns from the trace's start */
export function end(span) { return span.offset_ns + span.duration_ns; }

/** @param {Node} node @param {Node} below @returns {boolean} is node under below? walks up, so cycles end here */
function isBelow(node, below) {
  for (let up = node.parentNode; up; up = up.parentNode) if (up === below) return true;
  return false;
}

/** @param {Node[]} roots @returns {Node[]} rows in order; no recursion, so depth has no limit */
export function depthFirst(roots) {
  const rows = [], stack = [...roots].reverse();
  while (stack.length) {
    const node = /** @type {Node} */ (stack.pop());
    rows.push(node);
    for (let i = node.children.length - 1; i >= 0; i -= 1) stack.push(node.children[i]);
  }
  return rows;
}

/** @param {Node} node @returns {number} ns of its time in which no child ran */
function selfTime(node) {
  const { offset_ns: start } = node.span, stop = end(node.span);
  let covered = 0, reach = start;
  for (const child of [...node.children].sort((a, b) => a.span.offset_ns - b.span.offset_ns)) {
    const from = Math.max(reach, child.span.offset_ns), to = Math.min(stop, end(child.span));
    if (to > from) { covered += to - from; reach = to; }
  }
  return Math.max(0, stop - start - covered);
}

/**
 * The rows to draw: folded nodes hide what is below; "errors only" keeps failed spans and the way to them; find keeps matches and the
 * way to them.
 * @param {Node[]} roots @param {Set<string>} folded @param {{errorsOnly?: boolean, find?: string}} [options]
 * @returns {Node[]}
 */
export function visibleRows(roots, folded, { errorsOnly = false, find = '' } = {}) {
  const wanted = find || errorsOnly ? keepers(roots, errorsOnly, find) : null;
  const rows = [], stack = [...roots].reverse();
  while (stack.length) {
    const node = /** @type {Node} */ (stack.pop());
    if (wanted && !wanted.has(node)) continue;
    rows.push(node);
    if (folded.has(node.span.id) && !wanted) continue;
    for (let i = node.children.length - 1; i >= 0; i -= 1) stack.push(node.children[i]);
  }
  return rows;
}

/** @param {Node[]} roots @param {boolean} errorsOnly @param {string} find @returns {Set<Node>} */
function keepers(roots, errorsOnly, find) {
  const keep = new Set();
  for (const node of depthFirst(roots)) {
    if ((errorsOnly && !node.span.error) || (find && !matches(node.span, find))) continue;
    for (let up = /** @type {Node | null} */ (node); up && !keep.has(up); up = up.parentNode) keep.add(up);
  }
  return keep;
}

/** @param {Span} span @returns {string} what a row shows it as */
export function shownName(span) { return span.title ?? span.name; }

/** @param {Span} span @param {string} find @returns {boolean} name, service, kind or id contain the text */
export function matches(span, find) {
  const text = find.toLowerCase();
  return shownName(span).toLowerCase().includes(text) || span.service.toLowerCase().includes(text) || span.id.startsWith(text) || span.kind === text;
}

/**
 * The chain of work that decided the length: back from a node's end, always the child that ended last.
 * @param {Node} root
 * @returns {{node: Node, from: number, to: number}[]} pieces in ns, in order of time
 */
export function criticalPath(root) {
  const pieces = [], stack = [{ node: root, until: end(root.span) }];
  while (stack.length) {
    const { node, until } = /** @type {{node: Node, until: number}} */ (stack.pop());
    const start = node.span.offset_ns;
    let at = Math.min(until, end(node.span));
    const children = node.children.filter((c) => c.span.offset_ns < at).sort((a,
      b) => end(b.span) - end(a.span) || b.span.offset_ns - a.span.offset_ns);
    for (const child of children) {
      const stop = Math.min(at, end(child.span));
      if (stop <= start || child.span.offset_ns >= at || end(child.span) > at + slack(child.span)) continue;
      if (at > stop) pieces.push({ node, from: stop, to: at });
      stack.push({ node: child, until: stop });
      at = Math.max(start, child.span.offset_ns);
    }
    if (at > start) pieces.push({ node, from: start, to: at });
  }
  return pieces.sort((a, b) => a.from - b.from);
}

/** @param {Span} span @returns {number} ns by which rounded clocks may make neighbours overlap */
function slack(span) { return Math.max(1000, span.duration_ns / 1000); }

/** @param {Node[]} nodes @returns {{name: string, selfNs: number, spans: number, share: number}[]} services by their own time */
export function serviceShares(nodes) {
  /** @type {Map<string, {name: string, selfNs: number, spans: number, share: number}>} */
  const shares = new Map();
  let total = 0;
  for (const { span, selfNs } of nodes) {
    const entry = shares.get(span.service) ?? { name: span.service, selfNs: 0, spans: 0, share: 0 };
    entry.selfNs += selfNs; entry.spans += 1; total += selfNs;
    shares.set(span.service, entry);
  }
  for (const entry of shares.values()) entry.share = total ? entry.selfNs / total : 0;
  return [...shares.values()].sort((a, b) => b.selfNs - a.selfNs || a.name.localeCompare(b.name));
}
