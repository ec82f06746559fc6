// @ts-check
// A checklist that ticks itself: each door with settings to copy, what arrives, and what was turned away and why.
import { icon } from '../charts/svg.js';
import { ago, plural, whole } from '../model/format.js';
import { cloudWatch, dialable, helloTrace, highlight, honeycomb, otlpGRPC, otlpHTTP, rollbar, xrayAPI, xrayDaemon } from '../model/snippets.js';
import { clock } from '../model/time.js';
import * as api from '../wire/api.js';
import { isAbort } from '../wire/http.js';
import { status } from './catalog.js';
import { badge, copyButton, fill, h, say, service } from './dom.js';
import { link, utc } from './router.js';
import { failed, skeleton } from './states.js';

const every = 1000; // ms
const signalNames = { traces: 'Traces', logs: 'Logs', metrics: 'Metrics', errors: 'Errors', events: 'Events' };
const makers = { 'otlp-http': otlpHTTP, 'otlp-grpc': otlpGRPC, 'xray-daemon': xrayDaemon, 'xray-api': xrayAPI, rollbar, honeycomb, cloudwatch: cloudWatch };
const told = { 'otlp-http': 'protobuf or JSON, gzip', 'otlp-grpc': 'protobuf, gzip', 'xray-daemon': 'UDP and TCP', 'xray-api': 'Signature V4', rollbar: 'items of every notifier', honeycomb: 'libhoney, Beelines, Refinery',
  cloudwatch: 'logs, metrics; Signature V4' };

/** @param {HTMLElement} host @returns {import('../app.js').Page} */
export function sendPage(host) {
  const trouble = h('div', { class: 'trouble' }), list = h('section', { class: 'panel', 'aria-label': 'Doors' }, skeleton(6, true));
  const arriving = h('div', { class: 'arrivals' }), rate = h('span', { class: 'end' }), rejected = h('div'),
    rejectedSub = h('span', { class: 'sub' });
  const bar = h('i'), count = h('b', { class: 'prog-count num' }, ''), side = h('div', { class: 'stack-4', hidden: true }); // until it is known how far down it stands
  fill(host, h('div', { class: 'head' }, h('h1', {}, 'Send data'), h('span', { class: 'sub' },
    'Point a program here. Each line ticks itself when its first event comes.'),
    h('span', { class: 'row end' }, h('a', { href: link('/ui/server') }, 'This server'), h('span', { class: 'prog hide-s', 'aria-hidden': 'true' }, bar), count)), trouble,
  h('div', { class: 'grid two' }, list, side));
  fill(side, nothingYet(),
    h('section', { class: 'panel', 'aria-labelledby': 'arriving-title' }, h('header', {}, h('h2', { id: 'arriving-title' }, 'Arriving now'), rate),
      arriving),
    h('section', { class: 'panel', 'aria-labelledby': 'rejected-title' }, h('header', {}, h('h2', { id: 'rejected-title' }, 'Turned away'),
      rejectedSub), rejected));
  /** @type {Map<string, ReturnType<typeof doorRow>>} */
  const rows = new Map();
  const ticked = new Set();
  let first = true, timer = 0, stopped = false;
  const abort = new AbortController();
  const draw = (/** @type {any} */ answer) => {
    fill(trouble);
    if (!rows.size) { list.replaceChildren(); answer.doors.forEach((/** @type {any} */ door,
      /** @type {number} */ i) => { const row = doorRow(door, i === 0); rows.set(door.id, row); list.append(row.element); }); }
    let total = 0;
    for (const door of answer.doors) {
      rows.get(door.id)?.update(door);
      for (const signal of door.signals) {
        total += 1;
        const key = `${door.id}/${signal.id}`;
        if (signal.events > 0 && !ticked.has(key)) { ticked.add(key); if (!first) say(`First ${signal.id} arrived through ${door.name}`); }
      }
    }
    first = false;
    bar.style.setProperty('width', `${ticked.size / Math.max(1, total) * 100}%`);
    count.textContent = `${ticked.size} of ${total}`;
    drawRecent(answer.recent, arriving, rate);
    fill(rejectedSub, answer.rejections.length ? 'the latest, with the reason' : '');
    fill(rejected, answer.rejections.length ? answer.rejections.slice(0, 20).map(rejection) : h('p', { class: 'pad dim small' },
      'Nothing was turned away. A request that Cairn cannot take shows here, with what to change.'));
  };
  const poll = async () => {
    if (!document.hidden) {
      try { draw(await api.doors(abort.signal)); } catch (error) { if (isAbort(error)) return; fill(trouble, failed(error)); }
      side.hidden = false;
    }
    if (!stopped) timer = window.setTimeout(poll, every);
  };
  poll();
  return { update() {}, close() { stopped = true; clearTimeout(timer); abort.abort(); } };
}

/** @param {any} door @param {boolean} open */
function doorRow(door, open) {
  const state = h('span', { class: 'stt small' }), signals = h('div', { class: 'signals' });
  const address = dialable(door.address, location.hostname);
  const snippets = (makers[/** @type {keyof typeof makers} */ (door.id)] ?? otlpHTTP)(address, status.get()?.open !== false);
  const element = h('details', { class: 'door', 'data-door': door.id }, h('summary', {}, h('span', { class: 'tk' }, icon('check')),
    h('h2', {}, door.name), state,
    h('span', { class: 'faint small hide-s' }, h('span', { class: 'mono' }, address),
      told[/** @type {keyof typeof told} */ (door.id)] && `, ${told[/** @type {keyof typeof told} */ (door.id)]}`)),
  h('div', { class: 'door-body' }, signals, snippetTabs(snippets)));
  element.open = open;
  return { element, update(/** @type {any} */ now) {
    const events = now.signals.reduce((/** @type {number} */ sum, /** @type {any} */ s) => sum + s.events, 0),
      last = Math.max(0, ...now.signals.map((/** @type {any} */ s) => s.last_us ?? 0));
    element.classList.toggle('done', events > 0);
    state.className = `stt small ${events ? 't-ok' : 'faint'}`;
    state.textContent = events ? `${plural(events, 'event')}, last ${ago(last, Date.now() * 1000)}` : 'listening…';
    fill(signals, now.signals.map((/** @type {any} */ s) => h('span', { class: `signal ${s.events ? 'done' : ''}`, 'data-signal': s.id },
      h('span', { class: 'tk sm' }, icon('check')),
      h('b', {}, signalNames[/** @type {'traces'} */ (s.id)] ?? s.id), h('span', { class: s.events ? 'dim' : 'faint' },
        s.events ? `${plural(s.events, 'event')} in ${plural(s.requests, 'request')}` : s.requests ? `${plural(s.requests, 'request')}, no event yet` : 'listening…'))), now.datagrams && datagrams(now.datagrams));
  } };
}

/** @param {import('../model/snippets.js').Snippet[]} snippets */
function snippetTabs(snippets) {
  const buttons = h('div', { class: 'langs', role: 'group', 'aria-label': 'Language' }), box = h('div', { class: 'snip' });
  const show = (/** @type {number} */ at) => {
    const { code, lang, name } = snippets[at];
    fill(buttons, snippets.map((s, i) => h('button', { class: `btn sm ${i === at ? '' : 'ghost'}`, type: 'button', 'aria-pressed': i === at,
      onclick: () => { show(i); buttons.children[i].focus(); } }, s.name)));
    fill(box, h('pre', { tabindex: 0, 'aria-label': `Settings, ${name}` }, highlight(code, lang).map((p) => (p.kind ? h('span',
      { class: `x-${p.kind}` }, p.text) : p.text))), copyButton(code, 'Copy', `settings for ${name}`));
  };
  show(0);
  return [buttons, box];
}

function nothingYet() {
  const result = h('div', { role: 'status' });
  const hex = () => [...crypto.getRandomValues(new Uint8Array(8))].map((b) => b.toString(16).padStart(2, '0')).join('');
  const send = async () => {
    const { traceID, body } = helloTrace(Date.now(), hex);
    try {
      await api.sendTrace(body);
      fill(result, h('p', { class: 't-ok small' }, 'Sent. ', h('a', { href: link(`/ui/trace/${traceID}`) }, 'Open the trace')));
    } catch (error) { fill(result, failed(error)); }
  };
  const command = './run demo';
  return h('section', { class: 'panel', 'aria-labelledby': 'nothing-title' }, h('header', {},
    h('h2', { id: 'nothing-title' }, 'Nothing to send yet?')), h('div', { class: 'pad stack' },
    h('p', { class: 'dim' }, 'The demo sends the traffic of a microblog and hides one slow cohort in it. BubbleUp finds its cause in two clicks. In the folder of Cairn:'),
    h('div', { class: 'snip one' }, h('pre', { tabindex: 0, 'aria-label': 'Start the demo' }, command),
      copyButton(command, 'Copy', 'the demo’s command')),
    h('p', { class: 'small faint' }, 'Or, where Cairn runs already: ', h('span', { class: 'mono' }, 'cairn demo')),
    h('div', { class: 'row wrap' }, h('button', { class: 'btn', type: 'button', onclick: send }, 'Send one trace from here'), result)));
}

/** @param {any} d what came by UDP, and what was lost on the way */
function datagrams(d) {
  const lost = (d.kernel_drops ?? 0) + d.dropped;
  return h('span', { class: 'small dim' }, `${plural(d.received, 'datagram')}, ${whole(d.malformed)} malformed, `, h('span', { class: lost ? 't-err' : '' },
    `${whole(lost)} dropped`), lost > 0 && ` (${whole(d.kernel_drops ?? 0)} by the kernel: they came faster than they were read)`,
  d.kernel_drops === null && ' (the kernel does not tell its own drops)');
}

/** @param {any[]} recent @param {HTMLElement} host @param {HTMLElement} rate */
function drawRecent(recent, host, rate) {
  const nowUs = Date.now() * 1000, lately = recent.filter((r) => nowUs - r.us < 10e6), perSecond = lately.reduce((sum, r) => sum + r.events, 0) / 10;
  fill(rate, perSecond > 0 && h('span', { class: 'badge ok' }, h('span', { class: 'live row' }, `${whole(Math.max(1, perSecond))} events/s`)));
  fill(host, recent.length ? recent.slice(0, 6).map((r) => h('div', { class: 'arrival' }, h('span', { class: 'faint mono' }, clock(r.us, utc.get())),
    h('span', { class: 'row' }, service(r.dataset), h('span', { class: 'faint cut' }, r.door.startsWith('otlp') ? r.door.replace('otlp-',
      'OTLP ').replace('http', 'HTTP').replace('grpc', 'gRPC') : r.door)),
    h('span', { class: 'num' }, plural(r.events, { traces: 'span', logs: 'line',
      metrics: 'point' }[/** @type {'traces'} */ (r.signal)] ?? 'event')))) : h('p', { class: 'pad dim small' },
      'Nothing yet. This list fills by itself.'));
}

/** @param {any} r */
function rejection(r) {
  return h('div', { class: 'rejection' }, h('span', { class: 'row' }, badge(r.status >= 500 ? 'err' : 'warn', String(r.status)),
    h('span', { class: 'mono cut' }, `${r.method} ${r.path}`), h('span', { class: 'end faint nowrap' }, ago(r.last_us, Date.now() * 1000))),
    h('span', { class: 'pre' }, r.reason), h('span', { class: 'faint' }, `${r.client || 'unknown client'}, ${plural(r.count, 'time')}`));
}
