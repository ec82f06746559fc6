// @ts-check
// Routes, theme, live, keys: what holds the pages together.
import { datasets, freshDatasets, readCatalog } from './views/catalog.js';
import { startDatasetPicker } from './views/dataset-picker.js';
import { byID, fill, h, say } from './views/dom.js';
import { boardsPage } from './views/boards.js';
import { errorsPage } from './views/errors.js';
import { occurrencePage } from './views/error.js';
import { explorePage } from './views/explore.js';
import { setPageKeys, startKeys } from './views/keys.js';
import { logsPage } from './views/logs.js';
import { mapPage } from './views/map.js';
import { showMore, startMore } from './views/more.js';
import { startPaper } from './views/paper.js';
import { closePopover } from './views/popover.js';
import { go, link, place, range, refresh, setRange, store, utc, visited } from './views/router.js';
import { startSearch } from './views/search.js';
import { rulesPage } from './views/rules.js';
import { samplingPage } from './views/sampling.js';
import { sendPage } from './views/send.js';
import { serverPage } from './views/server.js';
import { servicesPage } from './views/services.js';
import { slosPage } from './views/slos.js';
import { empty } from './views/states.js';
import { showTime, startTimePicker } from './views/time-picker.js';
import { tracePage } from './views/trace.js';
import { tracesPage } from './views/traces.js';
import { triggersPage } from './views/triggers.js';

/** @typedef {{update: () => void, close: () => void, keys?: import('./views/keys.js').Key[]}} Page */
/** @typedef {{open: (host: HTMLElement) => Page, title: string, nav: string, time?: boolean | 'list' | 'one', dataset?: boolean, again?: boolean}} Route  time 'list': not with an id; 'one': only with one; again: can be read again, without a time */

/** @type {Record<string, Route>} */
const routes = {
  services: { open: servicesPage, title: 'Services', nav: 'services', time: true },
  explore: { open: explorePage, title: 'Explore', nav: 'explore', time: true, dataset: true },
  traces: { open: tracesPage, title: 'Traces', nav: 'traces', time: true, dataset: true },
  trace: { open: tracePage, title: 'Trace', nav: 'traces', again: true },
  errors: { open: errorsPage, title: 'Errors', nav: 'errors', time: 'list', again: true },
  occurrence: { open: occurrencePage, title: 'Occurrence', nav: 'errors' },
  rules: { open: rulesPage, title: 'Notifications', nav: 'errors' },
  boards: { open: boardsPage, title: 'Boards', nav: 'boards', time: 'one' },
  slos: { open: slosPage, title: 'SLOs', nav: 'slos', time: 'one' },
  triggers: { open: triggersPage, title: 'Triggers', nav: 'triggers' },
  logs: { open: logsPage, title: 'Logs', nav: 'logs', time: true },
  map: { open: mapPage, title: 'Map', nav: 'map', time: true },
  sampling: { open: samplingPage, title: 'Sampling', nav: 'sampling' },
  send: { open: sendPage, title: 'Send data', nav: 'send' },
  server: { open: serverPage, title: 'This server', nav: 'server' },
};
const liveEvery = 5000; // ms
const firstEvery = 3000; // ms, while nothing has come
const catalogPatience = 1500; // ms: colours want the datasets' order, but a page must not wait for ever

/** @type {Page | null} */
let page = null;
let shown = '';
let live = 0;

/** @param {HTMLElement} host @returns {Page} */
function nowherePage(host) {
  fill(host, h('h1', { class: 'sr' }, 'No such page'), h('div', { class: 'panel' }, empty('There is no such page.', [h('span', { class: 'mono' }, place.get().path), ' is no page of Cairn.'],
    [h('a', { class: 'btn', href: link('/ui/services') }, 'Services'), h('a', { class: 'btn', href: link('/ui/traces') }, 'Traces')])));
  return { update() {}, close() {} };
}

/** What the bar has for the page. @returns {boolean} whether it has a time */
function showBar() {
  const { page: name, id } = place.get(), route = routes[name], hasTime = route?.time === 'list' ? !id : route?.time === 'one' ? Boolean(id) && id !== 'new' : Boolean(route?.time);
  byID('time').hidden = byID('live').hidden = !hasTime;
  byID('refresh').hidden = !hasTime && !route?.again;
  byID('dataset').hidden = !route?.dataset;
  return hasTime;
}

function show() {
  const { page: name, id } = place.get(), route = routes[name], key = `${name}/${id}`, main = byID('main');
  closePopover();
  if (key === shown) { page?.update(); links(); return; }
  page?.close();
  shown = key;
  main.replaceChildren();
  main.className = `main page-${route ? name : 'none'}`;
  main.removeAttribute('aria-busy');
  document.title = `${route?.title ?? 'No such page'} · Cairn`;
  if (!showBar()) setLive(false);
  page = (route?.open ?? nowherePage)(main);
  setPageKeys(page.keys ?? []);
  links();
  scrollTo(0, 0);
  if (document.activeElement === document.body && visited.get()) main.focus({ preventScroll: true }); // what was focused is gone: the new page is read from its start
}

/** The navigation keeps time and dataset. */
function links() {
  const nav = routes[place.get().page]?.nav;
  for (const a of document.querySelectorAll('.rail a')) {
    a.setAttribute('href', link(new URL(/** @type {HTMLAnchorElement} */ (a).href).pathname));
    if (a.getAttribute('data-page') === nav && nav) a.setAttribute('aria-current', 'page'); else a.removeAttribute('aria-current');
  }
  showMore();
}

function again() { refresh.set(refresh.get() + 1); showTime(); }

/** @param {boolean} on */
function setLive(on) {
  clearInterval(live);
  live = 0;
  byID('live').setAttribute('aria-pressed', String(on));
  if (!on) return;
  if (!('seconds' in range())) setRange({ seconds: range().end - range().start }); // live follows now
  // Who asks again ends the question before: one that takes longer than the pause would never be answered.
  live = window.setInterval(() => { if (!document.hidden && !document.querySelector('main .busy, main.busy')) again(); }, liveEvery);
}

function toggleLive() {
  if (byID('live').hidden) return;
  setLive(!live);
  say(live ? 'Live: reads again every 5 seconds' : 'Live is off');
}

function startTheme() {
  byID('theme').addEventListener('click', () => {
    const next = getComputedStyle(document.documentElement).colorScheme === 'dark' ? 'light' : 'dark';
    document.documentElement.dataset.theme = next;
    store('cairn.theme', next);
    dispatchEvent(new Event('themechange'));
  });
}

/** Plain clicks on our own links stay in the program. @param {MouseEvent} event */
function onClick(event) {
  const a = /** @type {HTMLElement} */ (event.target).closest?.('a[href]');
  if (!a || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const url = new URL(/** @type {HTMLAnchorElement} */ (a).href);
  if (url.origin !== location.origin || !(url.pathname === '/' || url.pathname.startsWith('/ui/')) || url.pathname.startsWith('/ui/static/') || url.hash || a.hasAttribute('download')) return;
  event.preventDefault();
  go(url.pathname + url.search);
}

/** An empty server: look for the first event, then read again. */
function awaitFirst() {
  const timer = setInterval(async () => {
    if (datasets.get().length) { clearInterval(timer); return; }
    if (document.hidden) return;
    const found = await freshDatasets().catch(() => []);
    if (found.length) { clearInterval(timer); again(); }
  }, firstEvery);
}

async function start() {
  startTheme();
  startTimePicker();
  startDatasetPicker();
  startSearch();
  startMore();
  startPaper();
  startKeys({ toggleLive, again });
  byID('live').addEventListener('click', toggleLive);
  byID('refresh').addEventListener('click', again);
  addEventListener('click', onClick);
  showBar(); // with the first paint, so that nothing moves when the page comes
  await Promise.race([readCatalog(), new Promise((done) => setTimeout(done, catalogPatience))]);
  place.subscribe(show);
  utc.subscribe(() => { shown = ''; show(); });
  place.subscribe(() => { if (live && !('seconds' in range())) setLive(false); });
  show();
  setInterval(showTime, 30000);
  awaitFirst();
}

start();
