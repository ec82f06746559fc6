// @ts-check
// One trace: what it did in a line, the waterfall, and the span that is open.
import { icon } from '../charts/svg.js';
import { cut, durationText, percent, plural, whole } from '../model/format.js';
import { build, criticalPath, depthFirst, end, serviceShares, shownName, visibleRows } from '../model/trace-tree.js';
import { clock, stamp, zoneName } from '../model/time.js';
import * as api from '../wire/api.js';
import { badge, copyButton, fill, h, say, service } from './dom.js';
import { go, link, patch, place, refresh, utc, visited } from './router.js';
import { spanPanel } from './span-panel.js';
import { empty, endAway, failed, showAway, skeleton } from './states.js';
import { isAbort } from '../wire/http.js';
import { copyTime, instant, linesAround } from './times.js';
import { showTraceDeploy } from './trace-deploy.js';
import { showTraceErrors } from './trace-errors.js';
import { minimap } from './trace-minimap.js';
import { traceLines } from './trace-lines.js';
import { traceRows } from './trace-rows.js';

/** @typedef {import('../model/trace-tree.js').Node} Node */

const wide = matchMedia('(min-width: 1181px)');
const shownShares = 6, shownStatus = 120, foldsInURL = 60;
/** A trace that is not there is looked for again, one that is young or lacks a parent is asked for what came since: after so many ms each. */
const awayPause = 3000, missingPause = 2000, missingLooks = 90, latePauses = [2000, 4000, 8000, 15000, 30000];
const youngSeconds = 120;
const earlyLeastNs = 1e6; // less is how exact clocks are

/** @param {HTMLElement} host @returns {import('../app.js').Page} */
export function tracePage(host) {
  const { id } = place.get(), abort = new AbortController();
  /** @type {ReturnType<typeof open> | null} */
  let shown = null;
  host.setAttribute('aria-busy', 'true');
  const timer = setTimeout(() => fill(host, h('div', { class: 'panel' }, skeleton(14))), 120);
  let later = 0, looks = 0, shownAt = 0;
  const me = {}; // who has old content while the server is away
  const show = (/** @type {any} */ trace) => {
    clearTimeout(later);
    shown?.stop();
    shown = open(host, trace);
    shownAt = Date.now();
    endAway(me);
    showTraceErrors(host, trace, abort.signal);
    showTraceDeploy(host, trace, startOf(trace), abort.signal);
    if (mayGrow(trace)) awaitMore(trace, 0);
  };
  /** Tells what came since, and leaves it to the reader when the picture changes. @param {any} trace @param {number} turn */
  const awaitMore = (trace, turn) => {
    later = window.setTimeout(async () => {
      const now = document.hidden ? trace : await api.trace(id, abort.signal).catch(() => trace), more = now.spans.length - trace.spans.length;
      const lines = (now.logs?.length ?? 0) - (trace.logs?.length ?? 0);
      if (abort.signal.aborted) return;
      if (more > 0 || lines > 0) host.prepend(news(more > 0 ? plural(more, 'more span') : plural(lines, 'more log line'), () => show(now)));
      else if (turn + 1 < latePauses.length) awaitMore(trace, turn + 1);
    }, latePauses[turn]);
  };
  const read = () => api.trace(id, abort.signal).then((trace) => {
    clearTimeout(timer);
    host.removeAttribute('aria-busy');
    show(trace);
  }, (error) => {
    clearTimeout(timer);
    host.removeAttribute('aria-busy');
    if (isAbort(error)) return;
    if (error.kind === 'offline') later = window.setTimeout(read, awayPause);
    if (error.kind === 'offline' && shown) { showAway(me, shownAt); return; }
    if (error.status !== 404) { fill(host, failed(error, read)); return; }
    if (!looks || looks === missingLooks) fill(host, missing(id, error.message, looks < missingLooks));
    if (looks < missingLooks) later = window.setTimeout(read, missingPause);
    looks += 1;
  });
  read();
  const stop = refresh.subscribe(() => { looks = 0; clearTimeout(later); read(); });
  const key = (/** @type {string} */ k, /** @type {string} */ says, /** @type {(s: any) => void} */ run) => ({ key: k, says,
    run: () => { if (shown) run(shown); } });
  return { update() { shown?.update(); }, close() { abort.abort(); endAway(me); clearTimeout(timer); clearTimeout(later); stop(); shown?.stop(); },
    keys: [key('j', 'Next span', (s) => s.move(1)), key('k', 'Previous span', (s) => s.move(-1)), key('c', 'Critical path', (s) => s.toggle('c')),
      key('e', 'Errors only', (s) => s.toggle('e')),
      key('n', 'Next error', (s) => s.nextError()), key('x', 'Zoom to the span', (s) => s.zoomSelected()),
        key('0', 'Whole trace', (s) => s.zoom(null)), key('z', 'Undo zoom', (s) => s.zoom(null)),
          { key: 'Escape', says: 'Close the span, where it lies over the others', run: () => { if (!wide.matches) patch({ span: null }, { replace: true }); } },
      { key: 'Backspace', says: 'Back', run: () => { if (visited.get()) history.back(); else go(link('/ui/traces')); } }] };
}

/** @param {any} trace @returns {number} Unix microseconds */
function startOf(trace) { return Number(BigInt(trace.start_unix_ns) / 1000n); }

/** Whether spans of it may still be on their way. @param {any} trace */
function mayGrow(trace) {
  const endSeconds = (startOf(trace) + trace.duration_ns / 1000) / 1e6, ids = new Set(trace.spans.map((/** @type {any} */ s) => s.id));
  const isWhole = trace.spans.every((/** @type {any} */ s) => !s.in_progress && (!s.parent || ids.has(s.parent)));
  return Date.now() / 1000 - endSeconds < (isWhole ? youngSeconds / 4 : youngSeconds);
}

/** @param {string} what @param {() => void} show */
function news(what, show) {
  return h('div', { class: 'note', role: 'status' }, icon('live'), h('div', { class: 'grow' }, h('b', {}, `${what} of this trace came since.`)),
    h('button', { class: 'btn sm pri', type: 'button', onclick: show }, 'Show'));
}

/** @param {string} id @param {string} message @param {boolean} isAwaited */
function missing(id, message, isAwaited) {
  return h('div', { class: 'panel' }, empty('No such trace here.', [h('span', { class: 'pre' }, message),
    ' Spans arrive when they end, so a trace that still runs may be seconds away. It may also have gone to another environment, or been sampled away.',
    isAwaited && h('span', { class: 'live row await' }, 'Looking again every 2 seconds; it opens here when it comes.')],
    [h('a', { class: 'btn', href: link('/ui/traces') }, 'Traces'), h('a', { class: 'btn ghost', href: link('/ui/send') }, 'What was turned away'),
      copyButton(id, 'Copy id', 'the id')]));
}

/**
 * @template T, K, V
 * @param {T[]} list @param {(item: T) => K} key @param {(item: T) => V} value
 * @returns {Map<K, V[]>}
 */
function grouped(list, key, value) {
  const groups = new Map();
  for (const item of list) {
    const k = key(item), known = groups.get(k);
    if (known) known.push(value(item)); else groups.set(k, [value(item)]);
  }
  return groups;
}

/** @param {any} current @param {(node: Node) => void} select */
function toNextError(current, select) {
  const list = current.rows, at = current.selected ? list.indexOf(current.selected) : -1;
  const next = [...list.slice(at + 1), ...list.slice(0, at + 1)].find((n) => n.span.error);
  if (next) select(next); else say('No span failed');
}

/**
 * What the URL says of this trace, worked out anew at each call; rows only when they changed.
 * @param {any} tree @param {any} trace @param {number} length ns @param {Node | undefined} root @param {Set<string>} folded
 * @returns {() => any}
 */
function reader(tree, trace, length, root, folded) {
  const marks = grouped((trace.logs ?? []).filter((/** @type {any} */ l) => l.span), (log) => log.span, (log) => log.offset_ns);
  const path = grouped(root ? criticalPath(root) : [], (piece) => piece.node, (piece) => piece);
  /** @type {Node[]} */
  let rows = [];
  let of = '';
  return () => {
    const p = place.get().params, zoomed = /^(\d+)\.\.(\d+)$/.exec(p.get('zoom') ?? '');
    const find = p.get('find') ?? '', errorsOnly = p.get('e') === '1';
    const from = zoomed ? Math.min(Number(zoomed[1]), length - 1) : 0, to = zoomed ? Math.min(Number(zoomed[2]), length) : length;
    const signature = `${find}|${errorsOnly}|${[...folded]}`;
    if (signature !== of) rows = visibleRows(tree.roots, folded, { errorsOnly, find });
    of = signature;
    const selected = tree.nodes.get(p.get('span') ?? '') ?? (wide.matches ? root : null) ?? null;
    const critical = p.get('c') === '1' ? path : null;
    return { rows, find, folded, marks, critical, selected, window: to > from ? { from, to } : { from: 0, to: length } };
  };
}

/** @param {HTMLElement} host @param {any} trace */
function open(host, trace) {
  const tree = build(trace.spans), all = depthFirst(tree.roots);
  const length = tree.roots.reduce((most, r) => Math.max(most, end(r.span)), Math.max(1, trace.duration_ns));
  const root = tree.roots.find((r) => !r.orphan) ?? tree.roots[0];
  const params = () => place.get().params;
  const folded = new Set((params().get('fold') ?? '').split(',').filter(Boolean)), compute = reader(tree, trace, length, root, folded);
  let current = compute();
  const keepFolds = () => patch({ fold: folded.size <= foldsInURL ? [...folded].join(',') : null }, { replace: true });
  const actions = {
    select: (/** @type {Node} */ node) => { patch({ span: node.span.id }, { replace: true }); rows.reveal(node);
      say(`${node.span.service}, ${shownName(node.span)}, ${durationText(node.span.duration_ns / 1e6)}`); },
    toggle: (/** @type {Node} */ node, /** @type {boolean} */ deep) => {
      const shut = !folded.has(node.span.id);
      for (const n of deep ? depthFirst([node]) : [node]) if (n.children.length) { if (shut) folded.add(n.span.id); else folded.delete(n.span.id); }
      keepFolds();
      update();
    },
  };
  const zoom = (/** @type {{from: number, to: number} | null} */ w) => patch({ zoom: w ? `${Math.round(w.from)}..${Math.round(w.to)}` : null },
    { replace: true });
  const rows = traceRows(() => current, actions), mini = minimap(() => ({ all, length, window: current.window }), zoom);
  const near = (/** @type {Node} */ node) => { const pad = Math.max(node.span.duration_ns * 0.05, 1000);
    zoom({ from: Math.max(0, node.span.offset_ns - pad), to: Math.min(length, node.span.offset_ns + node.span.duration_ns + pad) }); };
  const startUs = startOf(trace);
  const panel = spanPanel({ traceID: trace.trace_id, startUs, tab: () => params().get('tab') ?? 'attributes',
    setTab: (tab) => patch({ tab: tab === 'attributes' ? null : tab }, { replace: true }), close: () => patch({ span: null }, { replace: true }),
    zoom: near });
  const fold = (/** @type {boolean} */ shut) => {
    folded.clear();
    if (shut) for (const n of all) if (n.children.length && n.parentNode) folded.add(n.span.id);
    keepFolds();
    update();
  };
  const tools = toolbar(all, { fold, whole: () => zoom(null) });
  const none = h('div', { class: 'wf-none' });
  let opened = /** @type {Node | null} */ (null);
  const update = () => {
    current = compute();
    tools.update(current, length);
    rows.update();
    mini.update();
    fill(none, !current.rows.length && empty('No span to show.',
      [current.find ? 'No span’s name or service contains this text.' : 'No span of this trace failed.'],
      [h('button', { class: 'btn', type: 'button', onclick: () => patch({ find: null, e: null }) }, 'Show all spans')]));
    if (current.selected === opened) return;
    opened = current.selected;
    if (opened) panel.show(opened); else panel.hide();
  };
  panel.hide();
  document.title = `${root && shownName(root.span) || trace.trace_id} · Trace · Cairn`;
  const lines = traceLines(trace, startUs), ways = { nextError: () => toNextError(current, actions.select), toLines: lines && (() => { lines.scrollIntoView({ block: 'start' }); lines.querySelector('button')?.focus({ preventScroll: true }); }) };
  fill(host, heading(trace, tree, root, all, startUs, ways), h('div', { class: 'grid tr' }, h('div', { class: 'stack-4' }, h('section', { class: 'panel wf', 'aria-label': 'Waterfall' },
    tools.element, mini.element, rows.axis, rows.element, none, legend()), lines), panel.element));
  update();
  if (current.selected) rows.reveal(current.selected);
  return { update, move: rows.move, zoom, nextError: ways.nextError, zoomSelected: () => { if (current.selected) near(current.selected); },
    toggle: (/** @type {string} */ k) => patch({ [k]: params().get(k) === '1' ? null : '1' }, { replace: true }),
    stop() { tools.stop(); rows.stop(); mini.stop(); panel.stop(); } };
}

/** @param {any} trace @param {any} tree @param {Node | undefined} root @param {Node[]} all @param {number} startUs @param {{nextError: () => void, toLines: (() => void) | null}} ways */
function heading(trace, tree, root, all, startUs, ways) {
  const errors = all.filter((n) => n.span.error).length, services = new Set(all.map((n) => n.span.service)).size, lines = (trace.logs ?? []).length,
    loose = (trace.logs ?? []).filter((/** @type {any} */ l) => !l.span);
  const fact = (/** @type {any[]} */ ...kids) => h('span', { class: 'nowrap' }, kids);
  const bold = (/** @type {string} */ text) => { const at = text.indexOf(' '); return [h('b', {}, text.slice(0, at)), text.slice(at)]; };
  return h('div', { class: 'stack' },
    h('div', { class: 'head' }, h('a', { class: 'btn ghost sq', href: link('/ui/traces'), 'aria-label': 'Back to the traces',
      onclick: (/** @type {Event} */ e) => { if (visited.get()) { e.preventDefault(); history.back(); } } }, icon('left')),
      h('h1', { class: 'cut' }, root && shownName(root.span) || '(no name)'), root?.span.error && badge('err',
        root.span.status_message ? cut(root.span.status_message, shownStatus) : 'error', 'err'), root?.orphan && badge('warn', 'root never came', 'warn'),
      h('span', { class: 'row end hide-s' }, copyButton(() => location.href, 'Copy link'))),
    h('p', { class: 'facts-line' }, fact(h('b', {}, durationText(trace.duration_ns / 1e6))), fact(bold(plural(all.length, 'span'))),
      fact(bold(plural(services, 'service'))), errors ? fact(h('button', { class: 'plain t-err', type: 'button', title: 'The next span that failed (n)', onclick: ways.nextError }, bold(plural(errors, 'error')))) : fact('no error'),
      fact(ways.toLines ? h('button', { class: 'plain', type: 'button', title: 'To the log lines, below', onclick: ways.toLines }, bold(plural(lines, 'log line')))
        : ['no log line of its own, ', h('a', { href: linesAround(startUs, startUs + trace.duration_ns / 1000) }, 'lines around it')]),
      h('span', { class: 'row dim' }, instant(startUs, `${stamp(startUs, utc.get()).slice(0, 10)} ${clock(startUs, utc.get(), 'milli')} ${zoneName(startUs, utc.get())}`, 'nowrap'), copyTime(startUs)), h('span', { class: 'row id' }, h('span', { class: 'mono cut', title: trace.xray_id }, trace.trace_id),
        copyButton(trace.trace_id, '', 'the W3C id'), trace.xray_id && copyButton(trace.xray_id, 'X-Ray form', 'the X-Ray id'))),
    tree.orphans > 0 && h('div', { class: 'note warn' }, icon('warn'), h('div', { class: 'grow' },
      h('b', {}, `${plural(tree.orphans, 'span names', 'spans name')} a parent that never came.`),
      h('span', { class: 'small' }, 'Shown at the top level. It may still be on its way; else a proxy dropped traceparent, or the parent was sampled away.'))),
    tree.endless > 0 && h('div', { class: 'note warn' }, icon('warn'), h('div', { class: 'grow' }, h('b', {}, `${plural(tree.endless, 'span has', 'spans have')} no end, or one before the start.`),
      h('span', { class: 'small' }, 'How long they took is not known: the program may have been stopped meanwhile, or its instrumentation did not end them.'))),
    tree.outside > 0 && h('div', { class: 'note' }, icon('warn'), h('div', { class: 'grow small' }, h('span', {},
      `${plural(tree.outside, 'span runs', 'spans run')} outside the parent’s time, outlined with dashes: `, tree.earlyNs > earlyLeastNs
        ? ['one begins ', h('b', {}, durationText(tree.earlyNs / 1e6)), ' before its parent, so the clocks of their hosts differ; durations hold, places in time do not.',
          root && root.span.duration_ns < trace.duration_ns && [' By its root’s clock the trace took ', h('b', {}, durationText(root.span.duration_ns / 1e6)), '.']]
        : 'work that outlives its caller, or clocks that differ.'))),
    loose.length > 0 && h('details', { class: 'loose small' },
      h('summary', {}, `${plural(loose.length, 'log line')} of the trace ${loose.length === 1 ? 'belongs' : 'belong'} to no span`),
      loose.slice(0, 50).map((/** @type {any} */ l) => h('p', { class: 'mono pre' },
      `+${durationText(l.offset_ns / 1e6)} ${String(l.severity ?? '').toUpperCase()} ${l.dataset}: ${l.body}`))));
}

/** @param {Node[]} all @param {{fold: (shut: boolean) => void, whole: () => void}} actions */
function toolbar(all, actions) {
  let timer = 0;
  const find = h('input', { placeholder: 'Find span', 'aria-label': 'Find span', 'data-find': true,
    oninput: () => { clearTimeout(timer); timer = window.setTimeout(() => patch({ find: find.value.trim() }, { replace: true }), 120); } });
  const press = (/** @type {string} */ key, /** @type {string} */ text) => h('button', { class: 'btn sm', type: 'button',
    onclick: () => patch({ [key]: place.get().params.get(key) === '1' ? null : '1' }, { replace: true }) }, text, h('kbd', {}, key));
  const c = press('c', 'Critical path'), e = press('e', 'Errors only'), count = h('span', { class: 'faint small' });
  const whole1 = h('button', { class: 'btn sm', type: 'button', onclick: actions.whole }, 'Whole trace', h('kbd', {}, '0'));
  const shares = serviceShares(all);
  const element = h('header', {}, h('label', { class: 'input find' }, icon('search', 'i faint'), find, h('kbd', { class: 'hide-s' }, 'f')), c, e,
    h('span', { class: 'btns' }, h('button', { class: 'btn sm', type: 'button', onclick: () => actions.fold(true) }, 'Fold'),
      h('button', { class: 'btn sm', type: 'button', onclick: () => actions.fold(false) }, 'Unfold')), whole1, count,
    h('span', { class: 'end row wrap shares', title: 'Share of the time that services spent themselves' },
      shares.slice(0, shownShares).map((s) => h('span', { class: 'row small share' }, service(s.name), h('b', {}, percent(s.share).join(' ')))),
      shares.length > shownShares && h('span', { class: 'faint small' }, `and ${shares.length - shownShares} more`)));
  return { element, stop: () => clearTimeout(timer), update(/** @type {any} */ state, /** @type {number} */ length) {
    if (document.activeElement !== find) find.value = state.find;
    c.setAttribute('aria-pressed', String(Boolean(state.critical)));
    e.setAttribute('aria-pressed', String(place.get().params.get('e') === '1'));
    whole1.hidden = state.window.from <= 0 && state.window.to >= length;
    count.textContent = state.rows.length === all.length ? '' : `${whole(state.rows.length)} of ${plural(all.length, 'row')}`;
  } };
}

function legend() {
  const item = (/** @type {string} */ mark, /** @type {string} */ text) => h('span', { class: 'nowrap' }, h('b', { 'aria-hidden': 'true' }, mark),
    ` ${text}`);
  return h('p', { class: 'wf-legend' }, item('━', 'critical path'), h('span', { class: 'nowrap' },
    h('b', { class: 't-err', 'aria-hidden': 'true' }, '!'), ' error'), item('▾', 'log line'), item('┄', 'outside its parent'),
    h('span', { class: 'hide-s' }, 'Drag over the small picture to look closer; ← → fold and unfold.'));
}
