// @ts-check
// What the pages of errors share: levels, states, small facts.
import { ago } from '../model/format.js';
import { badge, h } from './dom.js';
import { instant } from './times.js';

const colours = /** @type {Record<string, string>} */ ({ critical: 'var(--err-ink)', error: 'var(--err)', warning: 'var(--warn)', info: 'var(--info-ink)', debug: 'var(--ink3)' });

/** @param {string} level @returns {HTMLElement} the stripe before an item */
export function levelStripe(level) { return h('span', { class: 'lv', title: level, vars: { '--c': colours[level] ?? 'var(--ink3)' } }, h('span', { class: 'sr' }, level)); }

/** @param {any} item @returns {HTMLElement | null} its state, where that is worth a word */
export function stateBadge(item) {
  if (item.status === 'resolved') return badge('ok', item.resolved_in_version ? `Resolved in ${item.resolved_in_version}` : 'Resolved', 'check');
  if (item.status === 'muted') return badge('', 'Muted');
  if (item.status === 'archived') return badge('', 'Archived');
  if (item.snoozed_until_us) return badge('', 'Snoozed');
  const last = item.history?.[0]?.kind;
  if (last === 'reactivated') return badge('warn', 'Back again');
  if (Date.now() * 1000 - item.first_us < 86_400e6) return badge('err', 'New');
  return null;
}

/** @param {any} item @returns {[string, string]} class and message */
export function titleParts(item) {
  const prefix = `${item.class}: `;
  if (item.class && item.title.startsWith(prefix)) return [item.class, item.title.slice(prefix.length)];
  return [item.title, ''];
}

/**
 * @param {any[]} deploys @param {number} startUs @param {number} endUs @param {boolean} named with the project, where several are shown
 * @returns {{at: number, text: string, title: string}[]} marks for a chart; of those that would lie on each other the later has the words
 */
export function deployMarks(deploys, startUs, endUs, named) {
  const marks = deploys.map((d) => ({ at: (d.start_time * 1e6 - startUs) / (endUs - startUs), text: `${named && d.project ? `${d.project} ` : ''}${d.revision.slice(0, 12)}`,
    title: `Deploy of ${d.revision} to ${d.environment}${d.local_username ? ` by ${d.local_username}` : ''}, ${d.status}` })).filter((m) => m.at >= 0 && m.at <= 1);
  return marks.map((m, i) => (marks[i + 1] && marks[i + 1].at - m.at < 0.14 ? { ...m, text: '' } : m));
}

/** @param {number} us @returns {HTMLElement} how long ago, with the time itself */
export function when(us) { return instant(us, ago(us, Date.now() * 1000), 'nowrap'); }
